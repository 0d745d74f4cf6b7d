"""Results as the original package gave them: QStash's JSON under QStash's own names."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from .._core.errors import QStashError
from .._core.publishing.operations import Operation, nothing
from .._core.publishing.results.fields import is_list


class ResultDict(dict[str, Any]):
    """``res["messageId"]`` as in the original package, and ``res.message_id`` as on this package's results.

    Prints as that result, which shows no keys and no bodies.
    """

    __slots__ = ("_result",)

    def __init__(self, fields: Mapping[str, Any], result: object) -> None:
        super().__init__(fields)
        self._result = result

    def __getattr__(self, name: str) -> Any:
        # Copying asks for names of Python's own before there is a result.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._result, name)

    def __repr__(self) -> str:
        return repr(self._result)


class CreatedSchedule(NamedTuple):
    """What is left of a schedule's creation when it is no dict: its id."""

    schedule_id: str


def answering(operation: Operation[Any]) -> Operation[Any]:
    """The same call with a ``ResultDict`` for its result, or a list of them; None where there is nothing to read."""
    if operation.read is nothing:
        return operation

    def read(answer: Any) -> Any:
        try:
            result = operation.read(answer)
        except QStashError:
            del answer  # it may be half a pair of keys, and error trackers print the locals of raising frames
            raise
        return _answer(answer, result)

    return replace(operation, read=read)


def _answer(answer: Any, result: Any) -> Any:
    if is_list(answer):
        return [_answer(*pair) for pair in zip(answer, result, strict=True)]
    fields: dict[str, Any] = answer
    if getattr(result, "deduplicated", None) is False:
        # A duplicate of the client's own earlier try is none to the caller.
        fields = {name: value for name, value in fields.items() if name != "deduplicated"}
    return ResultDict(fields, result)
