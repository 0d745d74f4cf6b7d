"""Options that are dicts of parts: flow control and redaction.

Spec: https://upstash.com/docs/qstash/features/flowcontrol and https://upstash.com/docs/qstash/features/redaction
"""

from collections.abc import Mapping
from typing import Any, cast

from ..names import check_names
from .inputs import Header, check_header_name, check_name, check_option
from .options import OPTIONS, Option
from .texts import TEXTS, flag, number, seconds, texts

_LIMITS = {part.name: part for part in OPTIONS["flow_control"].parts}


def flow_control(option: Option, name: str, value: Any) -> list[Header]:
    """Each header with those of its parts that are given: the key alone, the limits as ``rate=10, period=1m``."""
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict such as {{'key': 'crm', 'rate': 10}}, not {type(value).__name__}")
    given = dict(cast("Mapping[str, Any]", value))
    check_names(given, _LIMITS, f"part of {name}")
    key_header, value_header = option.headers
    key = check_name(check_option(given.pop("key", ""), f"{name}['key']"), f"{name}['key']")
    limits = [
        f"{part}={TEXTS[_LIMITS[part].kind](_LIMITS[part], f'{name}[{part!r}]', limit)}"
        for part, limit in given.items()
        if limit is not None
    ]
    if not limits:
        raise ValueError(f"{name} needs parallelism, rate or period beside its key")
    return [(key_header, key), (value_header, ", ".join(limits))]


def flow_limit(name: str, value: Any) -> str:
    """One limit of flow control as a bare number, ``period`` in seconds; TypeError or ValueError names it."""
    part = _LIMITS[name]
    return str(seconds(part, name, value)) if part.kind == "duration" else number(part, name, value)


def redaction(option: Option, name: str, value: Any) -> list[Header]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{name} must be a dict such as {{'body': True}}, not {type(value).__name__}")
    fields = dict(cast("Mapping[str, Any]", value))
    check_names(fields, ("body", "header"), f"part of {name}")
    body, header = fields.get("body", False), fields.get("header", False)
    parts = ["body"] if flag(f"{name}['body']", body) else []
    if header is True:
        parts.append("header")
    elif header is not False:
        parts += [f"header[{check_header_name(one, name)}]" for one in texts(f"{name}['header']", header)]
    return [(option.header, ",".join(parts))] if parts else []
