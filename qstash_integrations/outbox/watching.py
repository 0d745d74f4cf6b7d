"""Whoever looks on while rows are written, and sees them sent before the commit returns: tests."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from .row import Row


@dataclass(frozen=True, slots=True)
class Written:
    """A row as it was written."""

    row: Row
    is_there: Callable[[], bool]
    """Whether the caller's transaction still has it: not once it was rolled back, or sent and deleted."""


_notes: list[Callable[[Written], object]] = []


@contextmanager
def watching(note: Callable[[Written], object]) -> Generator[None]:
    """Hand each row that is written meanwhile to ``note``; what commits is sent in the same thread, by the commit."""
    _notes.append(note)
    try:
        yield
    finally:
        _notes.remove(note)


def is_watched() -> bool:
    return bool(_notes)


def tell(rows: Sequence[Row], is_there: Callable[[str], bool]) -> None:
    """For the edges, once rows are written; ``is_there`` takes the id of a row."""
    for note in _notes:
        for row in rows:
            note(Written(row, partial(is_there, row.id)))
