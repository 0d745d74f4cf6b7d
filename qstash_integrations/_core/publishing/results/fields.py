"""Reading QStash's answers: what is missing or of another type is told by its name.

A proxy may have answered in QStash's place, so nothing is taken on trust.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard, TypeVar

from ...errors import TransportError

T = TypeVar("T")
Headers: TypeAlias = Mapping[str, Sequence[str]]


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


def read_list(answer: Any, read: Callable[[Any], T], what: str) -> list[T]:
    """Every item of a list; TransportError when it is none."""
    if not is_list(answer):
        raise TransportError(f"QStash's answer is not a list of {what}")
    return [read(item) for item in answer]
