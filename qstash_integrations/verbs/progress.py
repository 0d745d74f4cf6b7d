"""How far long work has come: a bar of rich's, or a line that is drawn over itself, or nothing."""

from typing import Any, Self, TextIO

_WIDTH = 30  # of the bar


class Progress:
    """For a ``with`` block. ``total`` is what ``done`` counts up to, as far as that is known."""

    def __init__(self, terminal: TextIO | None, what: str, total: int | None) -> None:
        self._what = what
        self._total = total
        self._rich = None if terminal is None else _of_rich(terminal, what, total)
        self._terminal = None if self._rich else terminal
        self._width = 0

    def __enter__(self) -> Self:
        if self._rich is not None:
            self._rich.start()
        return self

    def draw(self, done: int, text: str) -> None:
        if self._rich is not None:
            self._rich.update(self._rich.task_ids[0], completed=done, description=text)
        elif self._terminal is not None:
            line = f"{self._bar(done)}{text}"
            self._terminal.write(f"\r{line.ljust(self._width)}")
            self._terminal.flush()
            self._width = len(line)

    def __exit__(self, *_: object) -> None:
        if self._rich is not None:
            self._rich.stop()
        elif self._terminal is not None and self._width:
            self._terminal.write("\n")

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
    made = progress.Progress(
        progress.BarColumn(),
        progress.TaskProgressColumn(),
        progress.TextColumn("{task.description}", markup=False),
        console=Console(file=terminal),
    )
    made.add_task(what, total=total)
    return made
