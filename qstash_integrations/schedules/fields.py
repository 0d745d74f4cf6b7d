"""A schedule as fields that can be compared: as the code will send it, and as QStash shows it.

Spec: https://upstash.com/docs/qstash/features/redaction
"""

import hashlib
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from .._core.durations import parse_duration
from .._core.publishing.inputs import Header
from .._core.publishing.operations import Operation
from .._core.publishing.options import OPTIONS
from .._core.publishing.results.fields import Headers
from .._core.publishing.results.message import FlowControlProperties
from .._core.publishing.results.schedule import Schedule as Held
from .owner import labels_of

Value: TypeAlias = str | int | bytes
Fields: TypeAlias = Mapping[str, Value]
"""By name; what is not asked for is absent."""

_REDACTED = "REDACTED:"
# Headers that travel on, by what they begin with, and what their fields are called.
_FORWARDED = {
    "upstash-forward-": "header ",
    "upstash-callback-forward-": "callback header ",
    "upstash-failure-callback-forward-": "failure callback header ",
}
_SHOWN = {
    option.header.lower(): option
    for option in OPTIONS.values()
    if option.field_in("schedules") and option.header and not option.header.endswith("-")
}
_FLOW = tuple(header.lower() for header in OPTIONS["flow_control"].headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field as QStash holds it, and as the code wants it; None where it is absent."""

    field: str
    held: Value | None
    wanted: Value | None

    def __repr__(self) -> str:
        return f"Difference({self.field!r}, ***)"


class Sent(NamedTuple):
    """What a call that makes a schedule says of it."""

    fields: Fields
    unseen: Sequence[Header]
    """What QStash does not show, such as what is redacted, or how often a callback is tried."""


def differences(wanted: Fields, held: Fields) -> tuple[Difference, ...]:
    found = (Difference(field=name, held=held.get(name), wanted=wanted.get(name)) for name in sorted({*wanted, *held}))
    return tuple(one for one in found if not _alike(one.held, one.wanted))


def sent_fields(operation: Operation[str]) -> Sent:
    found: dict[str, Any] = {"destination": operation.path.removeprefix("/v2/schedules/"), "body": operation.body}
    flow: dict[str, str] = {}
    unseen: list[Header] = []
    for header, text in operation.headers:
        name = header.lower()
        prefix = next(filter(name.startswith, _FORWARDED), None)
        if name == "content-type":
            found["header content-type"] = _readable(text)
        elif prefix is not None:
            found[_FORWARDED[prefix] + name.removeprefix(prefix)] = _readable(text)
        elif name in _SHOWN:
            found[_SHOWN[name].name] = _value(_SHOWN[name].kind, text)
        elif name in _FLOW:
            flow[name] = text
        else:
            unseen.append((name, text))
    if flow:
        found["flow_control"] = _flow_of_headers(*(flow[name] for name in _FLOW))
    return Sent(_given(found), unseen)


def held_fields(held: Held) -> Fields:
    found: dict[str, Any] = {
        "schedule_id": held.schedule_id,
        "destination": held.destination,
        "cron": " ".join(held.cron.split()),
        "method": held.method,
        "retries": held.retries,
        "body": _body(held),
        "callback": held.callback,
        "failure_callback": held.failure_callback,
        "queue": held.queue,
        "delay": held.delay,
        "timeout": held.timeout,
        "retry_delay": held.retry_delay_expression,
        "label": _labels(labels_of(held)),
        "flow_control": held.flow_control and _flow(held.flow_control),
    }
    headers = (held.headers, held.callback_headers, held.failure_callback_headers)
    for kind, values in zip(_FORWARDED.values(), headers, strict=True):
        found.update(_header_fields(kind, values))
    return _given(found)


def _alike(held: Value | None, wanted: Value | None) -> bool:
    if held == wanted:
        return True
    shown = held.decode("utf-8", "replace") if isinstance(held, bytes) else held
    if not isinstance(shown, str) or not shown.startswith(_REDACTED) or isinstance(wanted, int | None):
        return False
    raw = wanted if isinstance(wanted, bytes) else wanted.encode("utf-8")
    return shown.removeprefix(_REDACTED).lower() == hashlib.sha256(raw).hexdigest()


def _value(kind: str, text: str) -> Value:
    match kind:
        case "duration":
            return int(parse_duration(text, kind).total_seconds())
        case "number":
            return int(text)
        case "labels":
            return _labels(text.split(","))
        case _:
            return text


def _labels(labels: Sequence[str]) -> str:
    """Their order says nothing."""
    return ", ".join(sorted({label.strip() for label in labels if label.strip()}))


def _flow_of_headers(key: str, limits: str) -> str:
    parts = dict(part.strip().split("=") for part in limits.split(","))
    numbers = {name: int(parse_duration(text, name).total_seconds()) for name, text in parts.items()}
    return _flow(FlowControlProperties(key=key, **numbers))


def _flow(flow: FlowControlProperties) -> str:
    """A period says nothing without a rate, and QStash shows one second where none is given."""
    limits = {"parallelism": flow.parallelism, "rate": flow.rate, "period": flow.rate and (flow.period or 1)}
    return ", ".join([flow.key, *(f"{name}={limit}" for name, limit in limits.items() if limit)])


def _body(held: Held) -> bytes:
    try:
        return (held.body or "").encode("utf-8") or b64decode(held.body_base64 or "", validate=True)
    except (Error, ValueError):
        return (held.body_base64 or "").encode("utf-8", "replace")


def _header_fields(kind: str, headers: Headers | None) -> Iterator[tuple[str, str]]:
    for name, values in (headers or {}).items():
        yield kind + name.lower(), ", ".join(map(_readable, map(str, values)))


def _readable(text: str) -> str:
    """Bytes of UTF-8 as their text, since an API may show them so."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _given(found: Mapping[str, Any]) -> Fields:
    """Zero seconds and no body are what goes without saying; no retries is a wish."""
    return {name: value for name, value in found.items() if value or (name == "retries" and value is not None)}
