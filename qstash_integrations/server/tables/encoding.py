"""Values as JSON in a column and back. Of the options only what differs from the defaults is written."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any

from ..model import CallbackOptions, FlowControl, Header, Options, Redaction

_ENCODER = json.JSONEncoder(separators=(",", ":"))
_Nested = CallbackOptions | FlowControl | Redaction
_NESTED: Mapping[str, type[_Nested]] = {
    "callback": CallbackOptions,
    "failure_callback": CallbackOptions,
    "flow_control": FlowControl,
    "redaction": Redaction,
}
# Plain defaults only: none of these classes has a default_factory.
_DEFAULTS: Mapping[type, Mapping[str, Any]] = {
    cls: {field.name: field.default for field in fields(cls)}
    for cls in (Options, CallbackOptions, FlowControl, Redaction)
}


def to_json(value: Any) -> str:
    return _ENCODER.encode(value)


def headers_from_json(text: str) -> tuple[Header, ...]:
    pairs: list[list[str]] = json.loads(text)
    return tuple((name, value) for name, value in pairs)


def texts_from_json(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


# Many messages are published alike. Few of the texts are long: what is kept stays small.
@lru_cache(maxsize=256)
def options_to_json(options: Options) -> str:
    return to_json(_changed(options))


@lru_cache(maxsize=256)
def options_from_json(text: str) -> Options:
    return Options(**_values(json.loads(text)))


def any_of(values: Iterable[str | float]) -> str:
    """The parameter of ``IN (SELECT value FROM json_each(?))``: any number of values in one statement."""
    return to_json(list(values))


def _changed(value: Options | _Nested) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, default in _DEFAULTS[type(value)].items():
        item = getattr(value, name)
        if item != default:
            changed[name] = _changed(item) if isinstance(item, _Nested) else item
    return changed


def _values(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _NESTED[name](**_values(value)) if name in _NESTED else _tuple(value) for name, value in found.items()
    }


def _tuple(value: Any) -> Any:
    """JSON knows lists only, our values tuples only."""
    if not isinstance(value, list):
        return value
    return tuple(_tuple(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
