"""Publish options out of ``Upstash-*`` headers: the one place that knows their names and limits.

Unknown ``Upstash-*`` headers are ignored and never forwarded.

Spec: https://upstash.com/docs/qstash/api/publish
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from ..._core.durations import parse_duration
from ..model import CallbackOptions, Header, Options, Redaction, Refused
from .destination import check_name, check_url
from .expression import check_expression
from .flow_control import read_flow_control
from .headers import canonical, check_size, forwarded, relayed

MAX_RETRIES = 20
LONGEST_DELAY = 366 * 86_400
LONGEST_TIMEOUT = 900
MAX_HOPS = 5
# Deliveries carry it, and no SDK sends it: a publish call that has it is itself a delivery, through a proxy perhaps.
HOPS = "upstash-hops"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_FORWARD = "upstash-forward-"
_CALLBACK = "upstash-callback"
_FAILURE_CALLBACK = "upstash-failure-callback"
_REDACTED_HEADER = re.compile(r"headers?\[([^\[\]]{1,256})\]", re.ASCII)


def read_options(headers: Iterable[Header], now: float, base: Options | None = None) -> Options:
    """The options in ``headers``, the later one of two winning; what they leave out stays as in ``base``.

    Refused names the header whose value makes no sense.
    """
    pairs = tuple(headers)
    fields = {name.lower(): value.strip() for name, value in pairs}
    changes: dict[str, Any] = {name: read(fields, now) for name, read in _READERS.items() if _HEADERS[name] in fields}
    if "upstash-flow-control-key" in fields or "upstash-flow-control-value" in fields:
        changes["flow_control"] = read_flow_control(
            fields.get("upstash-flow-control-key"), fields.get("upstash-flow-control-value")
        )
    for field, prefix in (("callback", _CALLBACK), ("failure_callback", _FAILURE_CALLBACK)):
        if prefix in fields:
            changes[field] = _callback(prefix, fields, pairs)
    changes["headers"] = _headers(base.headers if base else (), fields, pairs)
    return replace(base, **changes) if base else Options(**changes)


def merged(defaults: Iterable[Header], headers: Iterable[Header]) -> tuple[Header, ...]:
    """A URL group's default headers under the ones of a request."""
    given = tuple(headers)
    names = {name.lower() for name, _ in given}
    return (*((name, value) for name, value in defaults if name.lower() not in names), *given)


def name_of(option: str) -> str:
    """The header that carries an option."""
    return _NAMES.get(option) or "upstash-" + option.replace("_", "-")


_NAMES = {"labels": "upstash-label", "redaction": "upstash-redact-fields", "not_before_at": "upstash-not-before",
          "queue": "upstash-queue-name"}  # fmt: skip


def _headers(base: tuple[Header, ...], fields: Mapping[str, str], pairs: tuple[Header, ...]) -> tuple[Header, ...]:
    found: list[Header] = []
    if "upstash-header-forward" in fields and _boolean(fields, "upstash-header-forward"):
        found += relayed(pairs)
    explicit = _forwarded(pairs, _FORWARD)
    names = {name for name, _ in explicit}
    found = [header for header in found if header[0] not in names] + explicit
    if fields.get("content-type") and "Content-Type" not in names:
        content_type = forwarded("Content-Type", fields["content-type"])
        if content_type is not None:
            found.append(content_type)
    replaced = {name for name, _ in found}
    return check_size((*(header for header in base if header[0] not in replaced), *found))


def _forwarded(pairs: tuple[Header, ...], prefix: str) -> list[Header]:
    found = (forwarded(name[len(prefix) :], value) for name, value in pairs if name.lower().startswith(prefix))
    return [header for header in found if header is not None]


def _callback(prefix: str, fields: Mapping[str, str], pairs: tuple[Header, ...]) -> CallbackOptions:
    if f"{prefix}-delay" in fields:
        raise Refused(400, f"{canonical(prefix)}-Delay is not supported: callbacks cannot be delayed")
    options = CallbackOptions(
        url=check_url(fields[prefix], prefix.removeprefix("upstash-").replace("-", " ")),
        headers=check_size(tuple(_forwarded(pairs, f"{prefix}-forward-"))),
    )
    if f"{prefix}-method" in fields:
        options = replace(options, method=_method(fields, f"{prefix}-method"))
    if f"{prefix}-retries" in fields:
        options = replace(options, retries=_retries(fields, f"{prefix}-retries"))
    if f"{prefix}-retry-delay" in fields:
        options = replace(options, retry_delay=check_expression(fields[f"{prefix}-retry-delay"]))
    if f"{prefix}-timeout" in fields:
        options = replace(options, timeout=_timeout(fields, f"{prefix}-timeout"))
    return options


def _method(fields: Mapping[str, str], name: str) -> str:
    method = fields[name].upper()
    if method not in _METHODS:
        raise Refused(400, f"invalid {canonical(name)} {fields[name][:40]!r}: use one of {', '.join(_METHODS)}")
    return method


def _number(fields: Mapping[str, str], name: str) -> int:
    if not _NUMBER.fullmatch(fields[name]):
        raise Refused(400, f"invalid {canonical(name)} {fields[name][:40]!r}: it must be a whole number")
    return int(fields[name])


def _retries(fields: Mapping[str, str], name: str) -> int:
    retries = _number(fields, name)
    if retries > MAX_RETRIES:
        raise Refused(400, f"quota maxRetries exceeded, current limit: {MAX_RETRIES}")
    return retries


def _duration(fields: Mapping[str, str], name: str) -> int:
    try:
        return int(parse_duration(fields[name], canonical(name)).total_seconds())
    except ValueError as error:
        raise Refused(400, f"invalid duration: {error}") from error


def _timeout(fields: Mapping[str, str], name: str) -> int:
    seconds = _duration(fields, name)
    if seconds < 1:
        raise Refused(400, f"invalid {canonical(name)}: it must be at least one second")
    return min(seconds, LONGEST_TIMEOUT)


def _delay(fields: Mapping[str, str], name: str) -> int:
    seconds = _duration(fields, name)
    if seconds > LONGEST_DELAY:
        raise Refused(400, f"quota maxDelay exceeded, current limit: {LONGEST_DELAY}")
    return seconds


def _not_before(fields: Mapping[str, str], now: float) -> int:
    instant = _number(fields, "upstash-not-before")
    if instant > now + LONGEST_DELAY:
        raise Refused(400, f"quota maxDelay exceeded, current limit: {LONGEST_DELAY}")
    return instant


def _boolean(fields: Mapping[str, str], name: str) -> bool:
    text = fields[name].lower()
    if text not in ("true", "false"):
        raise Refused(400, f"invalid {canonical(name)} {fields[name][:40]!r}: it must be true or false")
    return text == "true"


def _deduplication_id(fields: Mapping[str, str]) -> str | None:
    text = fields["upstash-deduplication-id"]
    if ":" in text:
        raise Refused(400, "DeduplicationId cannot contain ':'")
    if len(text) > 1024:
        raise Refused(400, "invalid Upstash-Deduplication-Id: longer than 1024 characters")
    return text or None


def _labels(fields: Mapping[str, str]) -> tuple[str, ...]:
    labels = tuple(label for label in (part.strip() for part in fields["upstash-label"].split(",")) if label)
    if len(labels) > 32 or any(len(label) > 256 for label in labels):
        raise Refused(400, "invalid Upstash-Label: at most 32 labels of 256 characters")
    return labels


def _redaction(fields: Mapping[str, str]) -> Redaction:
    redaction = Redaction()
    for part in fields["upstash-redact-fields"].split(","):
        field = part.strip()
        one = _REDACTED_HEADER.fullmatch(field)
        if field == "body":
            redaction = replace(redaction, body=True)
        elif field in ("header", "headers"):
            redaction = replace(redaction, all_headers=True)
        elif one:
            redaction = replace(redaction, headers=(*redaction.headers, canonical(one[1].strip())))
        else:
            raise Refused(400, f"invalid Upstash-Redact-Fields {field[:40]!r}: use body, header or header[Name]")
    return redaction


def _hops(fields: Mapping[str, str]) -> int:
    hops = _number(fields, HOPS)
    if hops > MAX_HOPS:
        raise Refused(400, f"delivered and published again {hops} times: its destination leads back to a local QStash")
    return hops


def _queue(fields: Mapping[str, str]) -> str | None:
    return check_name(fields["upstash-queue-name"], "queue name") if fields["upstash-queue-name"] else None


_READERS: Mapping[str, Callable[[Mapping[str, str], float], Any]] = {
    "method": lambda fields, now: _method(fields, "upstash-method"),
    "retries": lambda fields, now: _retries(fields, "upstash-retries"),
    "retry_delay": lambda fields, now: check_expression(fields["upstash-retry-delay"]),
    "timeout": lambda fields, now: _timeout(fields, "upstash-timeout"),
    "delay": lambda fields, now: _delay(fields, "upstash-delay"),
    "not_before_at": _not_before,
    "deduplication_id": lambda fields, now: _deduplication_id(fields),
    "content_based_deduplication": lambda fields, now: _boolean(fields, "upstash-content-based-deduplication"),
    "labels": lambda fields, now: _labels(fields),
    "redaction": lambda fields, now: _redaction(fields),
    "queue": lambda fields, now: _queue(fields),
    "hops": lambda fields, now: _hops(fields),
}
_HEADERS = {option: name_of(option) for option in _READERS}
