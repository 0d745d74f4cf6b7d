"""One call of the API and its answer, as plain values: what stands between HTTP and the engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from ..model import Header, Refused
from ..rules.headers import is_passed_on
from .json_text import is_object, read

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32 * 1024
MAX_TARGET = 16 * 1024
Parameters = tuple[tuple[str, str], ...]


class Reply(NamedTuple):
    """What a call is answered with; ``content`` becomes JSON, bytes a file, None means an empty body."""

    status: int = 200
    content: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """An authenticated request. Prints neither its headers nor its body."""

    method: str
    target: str  # the path, raw
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

    def json_object(self) -> dict[str, Any]:
        """A JSON object, empty when there is no body."""
        found = read(self.body)
        if found is None:
            return {}
        if not is_object(found):
            raise Refused(400, "invalid request body: it must be a JSON object")
        return found


def check_headers(headers: Sequence[Header], where: str) -> Sequence[Header]:
    """The headers, where they are no more than a request may have."""
    if len(headers) > MAX_HEADERS or sum(len(name) + len(value) for name, value in headers) > MAX_HEADER_BYTES:
        raise Refused(400, f"{where}: at most {MAX_HEADERS} headers and {MAX_HEADER_BYTES} bytes of them")
    return headers


def text_of(raw: bytes) -> str:
    """UTF-8 where it is, latin-1 where it is not."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def header(name: str, raw: bytes) -> Header:
    """A request header: an option is text, what is passed on stays the same bytes (as latin-1)."""
    return name, raw.decode("latin-1") if is_passed_on(name) else text_of(raw)
