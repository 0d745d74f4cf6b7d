"""The ``Upstash-*`` headers of a message's options: the only table of them on this side.

Every option is checked here, before anything is sent; the error names it.

Spec: https://upstash.com/docs/qstash/api/publish
"""

import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast, get_args

from ..durations import format_duration, parse_duration
from ..names import check_names
from .inputs import check_header_name, check_header_value, check_name, check_option, check_url
from .message import FlowControl, Method, Redact

Header: TypeAlias = tuple[str, str]
_METHODS = get_args(Method)
_FORWARD = "Upstash-Forward-"
_MOST = 1_000_000  # of whatever is counted
_LONGEST_PERIOD = 7 * 86_400  # seconds
# What a name in callback_headers sets instead of being forwarded to the callback.
_CALLBACK_SETTINGS = ("method", "retries", "retry-delay", "timeout", "flow-control-key", "flow-control-value")


def headers_of(options: Mapping[str, Any]) -> list[Header]:
    """The headers of all options that have one, in the options' order; None counts as not given.

    Raises TypeError or ValueError that names the option.
    """
    return [
        header
        for name, value in options.items()
        if value is not None and name in _WRITERS
        for header in _WRITERS[name](name, value)
    ]


def flow_limit(name: str, value: Any) -> str:
    """One limit of flow control as a bare number, ``period`` in seconds; TypeError or ValueError names it."""
    return str(_seconds_of_period(name, value)) if name == "period" else _limit(name, value)


def _one(header: str, text_of: Callable[[str, Any], str]) -> Callable[[str, Any], list[Header]]:
    return lambda name, value: [(header, text_of(name, value))]


def _method(name: str, value: Any) -> str:
    if value not in _METHODS:
        raise ValueError(f"{name} must be one of {', '.join(_METHODS)}, not {value!r}")
    return str(value)


def _count(name: str, value: Any, least: int = 0) -> str:
    if type(value) is not int:
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    if not least <= value <= _MOST:
        raise ValueError(f"{name} must be a number from {least} to {_MOST}, not {value}")
    return str(value)


def _limit(name: str, value: Any) -> str:
    return _count(name, value, 1)


def _duration(name: str, value: Any) -> str:
    return format_duration(parse_duration(value, name))


def _timeout(name: str, value: Any) -> str:
    if not parse_duration(value, name):
        raise ValueError(f"{name} must be at least one second")
    return _duration(name, value)


def _period(name: str, value: Any) -> str:
    return format_duration(timedelta(seconds=_seconds_of_period(name, value)))


def _seconds_of_period(name: str, value: Any) -> int:
    seconds = int(parse_duration(value, name).total_seconds())
    if not 1 <= seconds <= _LONGEST_PERIOD:
        raise ValueError(f"{name} must be between one second and a week, not {value!r}")
    return seconds


def _instant(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"{name} is a datetime without a time zone; give it one, such as datetime.now(UTC)")
        value = value.timestamp()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be an aware datetime or Unix seconds, not {type(value).__name__}")
    # Milliseconds since 1970 as seconds would be the year 50,000; NaN fails both comparisons.
    if not 0 <= value < 10**11:
        raise ValueError(f"{name} must be Unix seconds, not {value!r}")
    # Up, as durations are: never before the moment that was asked for.
    return str(math.ceil(value))


def _boolean(name: str, value: Any) -> str:
    if type(value) is not bool:
        raise TypeError(f"{name} must be True or False, not {value!r}")
    return "true" if value else "false"


def _text(name: str, value: Any) -> str:
    return check_option(value, name)


def _url(name: str, value: Any) -> str:
    return check_url(value, name)


def _name(name: str, value: Any) -> str:
    return check_name(value, name)


def _expression(name: str, value: Any) -> str:
    return _count(name, value) if type(value) is int else _text(name, value)


def _deduplication_id(name: str, value: Any) -> str:
    text = _text(name, value)
    if ":" in text:
        raise ValueError(f"{name} must not have a colon: {text[:80]!r}")
    return text


def _labels(name: str, value: Any) -> str:
    if isinstance(value, str):
        return _text(name, value)
    labels = [_text(name, label) for label in _texts(name, value)]
    if not labels or any("," in label for label in labels):
        raise ValueError(f"{name} must be a text, or a list of texts without commas")
    return ",".join(labels)


def _texts(name: str, value: Any) -> Iterable[Any]:
    if not isinstance(value, list | tuple | set | frozenset):
        raise TypeError(f"{name} must be a list of texts, not {type(value).__name__}")
    return cast("Iterable[Any]", value)


def _forwarded(name: str, value: Any) -> list[Header]:
    found: list[Header] = []
    for key, text in _pairs(name, value):
        bare = _without(_FORWARD, key, name)
        # The destination gets one Content-Type: that of the message.
        header = "Content-Type" if bare.lower() == "content-type" else _FORWARD + bare
        found.append((header, text))
    return _unique(name, found)


def _of_callback(prefix: str) -> Callable[[str, Any], list[Header]]:
    def write(name: str, value: Any) -> list[Header]:
        found: list[Header] = []
        for key, text in _pairs(name, value):
            bare = _without(prefix, key, name)
            is_setting = bare.lower() in _CALLBACK_SETTINGS
            found.append((prefix + bare if is_setting else f"{prefix}Forward-{_without('Forward-', bare, name)}", text))
        return _unique(name, found)

    return write


def _pairs(name: str, value: Any) -> list[Header]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict of header names and values, not {type(value).__name__}")
    pairs = cast("Mapping[object, object]", value)
    return [
        (check_header_name(key, name), check_header_value(text, f"{name}[{str(key)[:80]!r}]"))
        for key, text in pairs.items()
    ]


def _without(prefix: str, header: str, name: str) -> str:
    bare = header[len(prefix) :] if header.lower().startswith(prefix.lower()) else header
    if not bare:
        raise ValueError(f"{name} has a header name that ends too early: {header!r}")
    return bare


def _unique(name: str, headers: list[Header]) -> list[Header]:
    seen: set[str] = set()
    for header, _ in headers:
        if header.lower() in seen:
            raise ValueError(f"{name} has the header {header!r} twice")
        seen.add(header.lower())
    return headers


def _flow_control(name: str, value: Any) -> list[Header]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict such as {{'key': 'crm', 'rate': 10}}, not {type(value).__name__}")
    limits = dict(cast("Mapping[str, Any]", value))
    check_names(limits, FlowControl.__annotations__.keys(), f"part of {name}")
    key = _text(f"{name}['key']", limits.pop("key", ""))
    parts = [
        f"{part}={(_period if part == 'period' else _limit)(f'{name}[{part!r}]', limit)}"
        for part, limit in limits.items()
        if limit is not None
    ]
    if not parts:
        raise ValueError(f"{name} needs parallelism, rate or period beside its key")
    return [("Upstash-Flow-Control-Key", key), ("Upstash-Flow-Control-Value", ", ".join(parts))]


def _redact(name: str, value: Any) -> list[Header]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict such as {{'body': True}}, not {type(value).__name__}")
    fields = dict(cast("Mapping[str, Any]", value))
    check_names(fields, Redact.__annotations__.keys(), f"part of {name}")
    body, header = fields.get("body", False), fields.get("header", False)
    parts = ["body"] if _boolean(f"{name}['body']", body) == "true" else []
    if header is True:
        parts.append("header")
    elif header is not False:
        wanted = _texts(f"{name}['header']", header)
        parts += [f"header[{check_header_name(one, name)}]" for one in wanted]
    return [("Upstash-Redact-Fields", ",".join(parts))] if parts else []


_WRITERS: Mapping[str, Callable[[str, Any], list[Header]]] = {
    "headers": _forwarded,
    "method": _one("Upstash-Method", _method),
    "delay": _one("Upstash-Delay", _duration),
    "not_before": _one("Upstash-Not-Before", _instant),
    "retries": _one("Upstash-Retries", _count),
    "retry_delay": _one("Upstash-Retry-Delay", _expression),
    "callback": _one("Upstash-Callback", _url),
    "failure_callback": _one("Upstash-Failure-Callback", _url),
    "callback_headers": _of_callback("Upstash-Callback-"),
    "failure_callback_headers": _of_callback("Upstash-Failure-Callback-"),
    "timeout": _one("Upstash-Timeout", _timeout),
    "deduplication_id": _one("Upstash-Deduplication-Id", _deduplication_id),
    "content_based_deduplication": _one("Upstash-Content-Based-Deduplication", _boolean),
    "flow_control": _flow_control,
    "label": _one("Upstash-Label", _labels),
    "redact": _redact,
    "cron": _one("Upstash-Cron", _text),
    "schedule_id": _one("Upstash-Schedule-Id", _name),
}
"""Two stand apart. ``queue``: the path of an API call carries it, a batch item's own field, or a schedule's header.
``content_type``: there is one such header, whether it is given as an option, in ``headers`` or not at all."""
