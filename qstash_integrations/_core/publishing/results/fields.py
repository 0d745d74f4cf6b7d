"""Reading QStash's answers: what is missing or of another type is told by its name.

A proxy may have answered in QStash's place, so nothing is taken on trust.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache, partial
from typing import Any, TypeAlias, TypeGuard, TypeVar, get_args, get_origin, get_type_hints

from ...errors import TransportError

T = TypeVar("T")
Headers: TypeAlias = Mapping[str, Sequence[str]]
# What QStash calls otherwise than in camel case. Of several names the first counts that has a value.
_NAMES = {
    "callback_headers": ("callbackHeader", "callbackHeaders"),
    "caller_ip": ("callerIP", "callerIp"),
    "endpoint": ("endpointName",),
    "failure_callback_headers": ("failureCallbackHeader", "failureCallbackHeaders"),
    "headers": ("header",),
    "paused": ("isPaused", "paused"),
    "queue": ("queueName",),
    "response_headers": ("responseHeaders", "responseHeader"),
    "retry_delay_expression": ("retryDelayExpression", "retryDelayExpr"),
    "url_group": ("topicName",),
}


def is_list(answer: object) -> TypeGuard[list[Any]]:
    return isinstance(answer, list)


def is_object(answer: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(answer, dict)


class Fields:
    """The fields of one JSON object of an answer, by QStash's names."""

    def __init__(self, answer: Any) -> None:
        if not is_object(answer):
            kind = "is empty" if answer is None else f"has a {type(answer).__name__} where an object was expected"
            raise TransportError(f"QStash's answer {kind}")
        self._fields = answer

    def get(self, name: str, kind: type) -> Any:
        """None for a field that is absent or of another type."""
        value = self._fields.get(name)
        return value if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)) else None

    def need(self, name: str, kind: type) -> Any:
        """TransportError that names the field when it is absent: a proxy may have answered instead of QStash."""
        value = self.get(name, kind)
        if value is None:
            raise TransportError(f"QStash's answer has no {name}")
        return value


def read(kind: type[T], answer: Any) -> T:
    """A dataclass out of one JSON object: what has no default must be there, anything else that is odd has its default.

    A field's ``metadata`` may say its ``name`` where it has one of its own in this class, and ``instead`` of which
    value another one stands. A dataclass in it that is no list's item is read from the same object.
    """
    made: T = _made(kind, Fields(answer))
    return made


def reads(kind: type[T]) -> Callable[[Any], T]:
    """``read`` of this dataclass, for an ``Operation``."""
    return partial(read, kind)


def read_list(answer: Any, read_item: Callable[[Any], T], what: str) -> list[T]:
    """Every item of a list; TransportError when it is none."""
    if not is_list(answer):
        raise TransportError(f"QStash's answer is not a list of {what}")
    return [read_item(item) for item in answer]


def _made(kind: Any, found: Fields) -> Any:
    return kind(**{name: read_one(found) for name, read_one in _readers(kind)})


@cache
def _readers(kind: Any) -> list[tuple[str, Callable[[Fields], Any]]]:
    types = get_type_hints(kind)
    return [(field.name, _reader(field, _without_none(types[field.name]))) for field in fields(kind)]


def _without_none(kind: Any) -> Any:
    parts = [part for part in get_args(kind) if part is not type(None)]
    return parts[0] if type(None) in get_args(kind) else kind


def _reader(field: "Field[Any]", kind: Any) -> Callable[[Fields], Any]:
    if is_dataclass(kind):
        return partial(_read_within, kind, _names(fields(kind)[0]))
    items = get_args(kind)[0] if get_origin(kind) is Sequence else None
    wanted: type = list if items else dict if get_origin(kind) is Mapping else kind
    read_one = partial(_read_one, _names(field), wanted, field.default, field.metadata.get("instead", {}))
    return partial(_read_items, read_one, items) if items else read_one


def _names(field: "Field[Any]") -> tuple[str, ...]:
    first, *others = field.name.split("_")
    camel = first + "".join(map(str.title, others))
    return (field.metadata["name"],) if "name" in field.metadata else _NAMES.get(field.name, (camel,))


def _read_one(names: tuple[str, ...], kind: type, default: Any, instead: Mapping[Any, Any], found: Fields) -> Any:
    value = next((value for name in names if (value := found.get(name, kind)) is not None), None)
    if value is None:
        return found.need(names[0], kind) if default is MISSING else default
    return instead.get(value, value) if instead else value


def _read_items(read_all: Callable[[Fields], Any], kind: Any, found: Fields) -> tuple[Any, ...]:
    items = read_all(found)
    return tuple(_made(kind, Fields(item)) for item in items) if is_dataclass(kind) else tuple(items)


def _read_within(kind: Any, first: tuple[str, ...], found: Fields) -> Any:
    """None where the names of its first field stand for nothing."""
    return _made(kind, found) if any(found.get(name, str) for name in first) else None
