"""What a caller gave, where no frame shows it: error trackers send the locals of every frame of a traceback.

A verb keeps its arguments in a ``Given`` and nowhere else. What goes wrong with them is raised without the frames in
which that was found, for those hold bodies and headers; the caller's own, such as those of a generator, stay.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

T = TypeVar("T")

# Those of this package, and of the library that encodes bodies.
_HIDDEN = (str(Path(__file__).parent.parent.parent), str(Path(json.__file__).parent))


class Given:
    """The one mapping or iterable that a call was given, or its keywords."""

    __slots__ = ("_fields", "_positional")

    def __init__(self, positional: Any, fields: Mapping[str, Any] | None = None) -> None:
        self._positional = positional
        self._fields = fields

    def to(self, make: Callable[..., T], *arguments: Any, **options: Any) -> T:
        """``make`` of it; what that raises comes without the frames that hold what was given."""
        try:
            return make(self._merged(), *arguments, **options)
        except Exception as error:  # noqa: BLE001 - it is raised again
            failure = _without_frames(error)
        try:
            raise failure
        finally:
            del failure  # which would keep this frame, and this frame it

    def _merged(self) -> Any:
        if self._fields is None:
            return self._positional
        if self._positional is None:
            return self._fields
        if self._fields:
            raise TypeError("give keywords or one dict, not both")
        positional: Any = self._positional
        if not isinstance(positional, Mapping):
            raise TypeError(f"give keywords or one dict, not {type(positional).__name__}")
        return cast("Mapping[str, Any]", positional)


def _without_frames(error: Exception) -> Exception:
    """Also those of its causes."""
    for one in _chain(error):
        kept: TracebackType | None = None
        for step in reversed(list(_steps(one.__traceback__))):
            if not step.tb_frame.f_code.co_filename.startswith(_HIDDEN):
                kept = TracebackType(kept, step.tb_frame, step.tb_lasti, step.tb_lineno)
        one.__traceback__ = kept
    return error


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
