"""How far long work has come: a bar of rich's, or a line that is drawn over itself; gone when the work is done."""

import time
from collections.abc import Callable
from typing import Any, Self, TextIO

_WIDTH = 30  # of the bar
_DRAWN_EVERY = 0.1  # seconds


class Progress:
    """For a ``with`` block. ``total`` is what ``done`` counts up to, as far as that is known."""

    def __init__(
        self, terminal: TextIO, what: str, total: int | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total = total
        self._clock = clock
        self._rich = _of_rich(terminal, what, total)
        self._terminal = terminal
        self._drawn_at: float | None = None
        self._width = 0

    def __enter__(self) -> Self:
        if self._rich is not None:
            self._rich.start()
        return self

    def draw(self, done: int, text: str) -> None:
        """Not more often than anybody can read."""
        if self._rich is not None:
            self._rich.update(self._rich.task_ids[0], completed=done, description=text)
            return
        now = self._clock()
        if self._drawn_at is None or now - self._drawn_at >= _DRAWN_EVERY:
            self._drawn_at = now
            self._write(f"{self._bar(done)}{text}")

    def __exit__(self, *_: object) -> None:
        if self._rich is not None:
            self._rich.stop()
        elif self._width:
            self._write("")
            self._terminal.write("\r")

    def _write(self, line: str) -> None:
        self._terminal.write(f"\r{line.ljust(self._width)}")
        self._terminal.flush()
        self._width = len(line)

    def _bar(self, done: int) -> str:
        if not self._total:
            return ""
        part = min(done / self._total, 1.0)
        return f"[{'#' * int(part * _WIDTH):.<{_WIDTH}}] {part:4.0%}  "


def _of_rich(terminal: TextIO, what: str, total: int | None) -> Any:
    try:
        from rich import progress
        from rich.console import Console
    except ImportError:
        return None
    text = progress.TextColumn("{task.description}", markup=False)
    bar = (progress.BarColumn(), progress.TaskProgressColumn()) if total else ()
    made = progress.Progress(*bar, text, console=Console(file=terminal), transient=True)
    made.add_task(what, total=total)
    return made
