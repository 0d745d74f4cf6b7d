"""Where commands read and write: tables on a terminal, aligned text in a pipe, JSON where that is asked for.

What comes from elsewhere (a body, a URL, an error) is written without its control characters.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TextIO

import click

from .._core.texts import printable
from ..schedules.terminal import Drawn, Terminal, Undrawn
from .progress import Progress

_GAP = "  "
_SHORT = 20  # what is no longer, a time for one, is never broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Of one call of the command line."""

    terminal: Terminal
    stdout: TextIO
    stderr: TextIO

    @classmethod
    def of_process(cls) -> "Output":
        return cls(terminal=Terminal.of_process(), stdout=sys.stdout, stderr=sys.stderr)

    def say(self, text: str) -> None:
        self.terminal.say(text)

    def complain(self, text: str) -> None:
        """One line on stderr, behind the command that has to say it."""
        self.terminal.complain(f"{click.get_current_context().command_path}: {plain(text)}")

    def json(self, value: Any) -> None:
        """One document."""
        self.say(_document(value, indent=2))

    def json_line(self, value: Any) -> None:
        """One of many documents, which a reader sees at once."""
        self.say(_document(value))
        self.stdout.flush()

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, none: str) -> None:
        """``none`` is said where there is no row."""
        texts = [[plain("" if cell is None else str(cell)) for cell in row] for row in rows]
        if not texts:
            self.say(none)
            return
        if not (_is_terminal(self.stdout) and _drawn_by_rich(columns, texts, self.stdout)):
            for line in aligned([[name.upper() for name in columns], *texts]):
                self.say(line)

    def fields(self, values: Mapping[str, object]) -> None:
        """One value, a line for each of its fields that it has."""
        shown = {name: value for name, value in values.items() if value not in (None, "", (), [])}
        for line in aligned([[name, plain(str(value))] for name, value in shown.items()]):
            self.say(line)

    def progress(self, what: str, total: int | None = None) -> Drawn:
        """Drawn on stderr where that is a terminal, else nowhere."""
        return Progress(self.stderr, what, total) if _is_terminal(self.stderr) else Undrawn()

    @property
    def of_verbs(self) -> Terminal:
        """For what knows of no command line."""
        return replace(self.terminal, complain=self.complain, progress=self.progress)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """In columns that are as wide as what stands in them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)] if rows else []
    return [_GAP.join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def plain(text: str) -> str:
    """Without what a terminal would obey, in as many lines as it has."""
    return "\n".join(map(printable, text.split("\n")))


def _document(value: object, *, indent: int | None = None) -> str:
    """Readable in every script, and nothing in it that a terminal would obey."""
    text = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    return "".join(letter if letter.isprintable() or letter == "\n" else json.dumps(letter)[1:-1] for letter in text)


def _is_terminal(stream: TextIO) -> bool:
    return bool(getattr(stream, "isatty", lambda: False)())


def _drawn_by_rich(columns: Sequence[str], rows: Sequence[Sequence[str]], stream: TextIO) -> bool:
    try:
        from rich.box import SIMPLE_HEAD
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text
    except ImportError:
        return False
    table = Table(box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    shown = [at for at in range(len(columns)) if any(row[at] for row in rows)]
    for at in shown:
        short = max(len(row[at]) for row in rows) <= _SHORT
        table.add_column(columns[at], overflow="fold", no_wrap=short)
    for row in rows:
        table.add_row(*(Text(row[at]) for at in shown))  # never markup
    Console(file=stream).print(table)
    return True
