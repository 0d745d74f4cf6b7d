"""One call of the API and its answer, as plain values: what stands between HTTP and the engine."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeGuard
from urllib.parse import unquote_plus

from ..model import Header, Refused

Parameters = tuple[tuple[str, str], ...]
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # as JSON spells halves of pairs; UTF-8 has none
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Reply(NamedTuple):
    """What a call is answered with; ``content`` becomes JSON, bytes a file, None means an empty body."""

    status: int = 200
    content: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """An authenticated request. Prints neither its headers nor its body."""

    method: str
    path: Mapping[str, str]  # what stood in the places of the route
    query: str  # raw
    headers: tuple[Header, ...] = field(repr=False)
    body: bytes = field(repr=False)
    caller_ip: str

    @property
    def parameters(self) -> Parameters:
        """The query, decoded, without the token."""
        pairs = (part.partition("=") for part in self.query.split("&") if part)
        decoded = ((unquote_plus(name), unquote_plus(value)) for name, _, value in pairs)
        return tuple((name, value) for name, value in decoded if name.lower() != "qstash_token")

    @property
    def options(self) -> tuple[Header, ...]:
        """The ``Upstash-*`` headers."""
        return tuple(pair for pair in self.headers if pair[0].lower().startswith("upstash-"))

    def json(self) -> Any:
        """The body as JSON, whatever its Content-Type; None when it is empty, Refused when it is something else."""
        if not self.body.strip():
            return None
        try:
            text = self.body.decode("utf-8")
            found = json.loads(text, parse_constant=_no_constant)
            return _repaired(found) if _SURROGATE.search(text) else found
        except (ValueError, RecursionError) as error:
            raise Refused(400, "invalid JSON in the request body") from error

    def json_object(self) -> dict[str, Any]:
        """A JSON object, empty when there is no body."""
        found = self.json()
        if found is None:
            return {}
        if not is_object(found):
            raise Refused(400, "invalid request body: it must be a JSON object")
        return found


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """For what JSON gave, whose names are always texts."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def text_of(raw: bytes) -> str:
    """UTF-8 where it is, latin-1 where it is not."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def header(name: str, raw: bytes) -> Header:
    """A request header: an option is text, what is passed on stays the same bytes (as latin-1)."""
    lower = name.lower()
    passed_on = not lower.startswith("upstash-") or "-forward-" in lower
    return name, raw.decode("latin-1") if passed_on else text_of(raw)


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _repaired(value: Any) -> Any:
    """Without halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if is_list(value):
        return [_repaired(item) for item in value]
    if is_object(value):
        return {_repaired(name): _repaired(item) for name, item in value.items()}
    return value
