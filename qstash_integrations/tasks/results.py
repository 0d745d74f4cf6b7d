"""What a task returns, as JSON and back, by pydantic, from its annotation.

Spec: https://docs.pydantic.dev/latest/api/type_adapter/
"""

import inspect
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic_core import PydanticSerializationError

# What pydantic says to annotations that are none to it.
_UNREADABLE = (PydanticUserError, NameError, TypeError)
_CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", hide_input_in_errors=True)


class Results:
    """The results of one function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = inspect.unwrap(function)
        self._made: TypeAdapter[Any] | None = None

    def encode(self, result: Any) -> bytes | None:
        """As JSON; None for what has no such form."""
        try:
            return self._adapter.dump_json(result, by_alias=True, round_trip=True, warnings=False)
        except (PydanticSerializationError, ValueError, RecursionError):
            return None

    def decode(self, answer: bytes) -> Any:
        """ValueError for what is no such result; its text shows none of it."""
        try:
            return self._adapter.validate_json(answer)
        except ValidationError as error:
            kinds = {problem["type"] for problem in error.errors(include_url=False, include_input=False)}
            raise ValueError(f"the answer is no result of the task ({', '.join(sorted(kinds))})") from None

    @property
    def _adapter(self) -> TypeAdapter[Any]:
        if self._made is None:
            self._made = _adapter(self._annotation())
        return self._made

    def _annotation(self) -> Any:
        """Any where it cannot be read: what was returned is encoded as it is."""
        annotation = inspect.get_annotations(self._function).get("return", Any)
        holder = cast("Any", SimpleNamespace(__annotations__={"return": annotation}))
        try:
            return get_type_hints(holder, self._function.__globals__, include_extras=True)["return"]
        except Exception:  # noqa: BLE001 - whatever an annotation raises, the task has done its work
            return Any


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(annotation, config=_CONFIG)
    except _UNREADABLE:
        pass
    try:
        return TypeAdapter(annotation)  # a model has a config of its own
    except _UNREADABLE:
        return TypeAdapter(Any, config=_CONFIG)
