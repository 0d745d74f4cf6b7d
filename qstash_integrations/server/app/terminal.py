"""What a terminal has room for: its width, how wide a text is in it, and whether it shows colours.

Spec: https://no-color.org, https://force-color.org and https://www.unicode.org/reports/tr11/
"""

import os
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from typing import TextIO

_USUAL = 80  # columns, where a terminal does not say


def width_of(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Callable[[], int | None]:
    """Tells the columns, as they are then; None for what is no terminal, which cuts nothing."""
    return partial(_columns_now, stream, environ) if stream.isatty() else lambda: None


def _columns_now(stream: TextIO, environ: Mapping[str, str]) -> int:
    said = environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said):
        return int(said)
    try:
        return os.get_terminal_size(stream.fileno()).columns or _USUAL
    except (OSError, ValueError):
        return _USUAL


def shows_colours(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether to write in colours: NO_COLOR and FORCE_COLOR win over what kind of terminal it is."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def columns(text: str) -> int:
    """How many of them a text takes that has no control characters."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """The text, or its beginning with a dot that says that there is more."""
    return text if columns(text) <= width else f"{_start(text, width - 1)}…" if width > 0 else ""


def cut_in_the_middle(text: str, width: int) -> str:
    """The text, or its two ends, the second one longer: that is where URLs differ."""
    if columns(text) <= width:
        return text
    if width < 4:
        return cut(text, width)
    start = _start(text, (width - 1) * 2 // 5)
    end = _start(text[::-1], width - 1 - columns(start))[::-1]
    return f"{start}…{end}"


def wrapped(words: str, width: int, indent: int) -> list[str]:
    """Lines of whole words, as far as they have room, all of them indented."""
    indent = min(indent, width // 2)
    lines: list[str] = []
    line = ""
    for word in words.split(" "):
        longer = f"{line} {word}" if line else word
        if line and columns(longer) > width - indent:
            lines.append(line)
            longer = word
        line = longer
    return [" " * indent + cut(line, width - indent) for line in (*lines, line)]


def _start(text: str, width: int) -> str:
    room = width
    for index, char in enumerate(text):
        room -= _columns(char)
        if room < 0:
            return text[:index]
    return text


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
