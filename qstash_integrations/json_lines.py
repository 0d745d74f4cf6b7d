"""What ``qstash-integrations publish-many`` does: each line of JSON becomes a message, however many lines there are.

Spec: https://jsonlines.org
"""

import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, NoReturn, TextIO

from ._core.errors import QStashError
from ._core.publishing.client import QStash

STDIN = "-"
_WIDTH = 30  # of the bar


def publish_lines(url: str, source: str, *, chunk_size: int, progress: bool) -> int:
    """Publish every line of a file, or of stdin for ``-``, to ``url``; how many there were.

    QStashError and, for Ctrl+C, a line on stderr tell how many were accepted before. ``progress`` draws a bar on
    stderr, where that is a terminal.
    """
    with _opened(source) as stream, QStash() as qstash:
        lines = _Lines(stream, "stdin" if source == STDIN else source)
        bar = Bar(sys.stderr, _size(stream)) if progress and sys.stderr.isatty() else None
        messages: Any = ({"url": url, "body": line, "content_type": "application/json"} for line in lines)
        many = qstash.publish_many(
            messages,
            chunk_size=chunk_size,
            on_progress=None if bar is None else lambda accepted: bar.draw(accepted, lines.bytes_read),
        )
        try:
            return many.send()
        except QStashError as error:
            raise QStashError(f"{error}; {_counted(many.accepted)} accepted before") from error
        except KeyboardInterrupt:
            sys.stderr.write(f"\ninterrupted; {_counted(many.accepted)} accepted before\n")
            raise
        finally:
            if bar is not None:
                bar.end()


class Bar:
    """A line that is drawn over itself: how much is done where the size is known, and the number of messages."""

    def __init__(self, terminal: TextIO, size: int | None) -> None:
        self._terminal = terminal
        self._size = size
        self._drawn = False

    def draw(self, accepted: int, bytes_read: int) -> None:
        self._drawn = True
        done = ""
        if self._size:
            part = min(bytes_read / self._size, 1.0)
            done = f"[{'#' * int(part * _WIDTH):.<{_WIDTH}}] {part:4.0%}  "
        self._terminal.write(f"\r{done}{accepted} messages")
        self._terminal.flush()

    def end(self) -> None:
        if self._drawn:
            self._terminal.write("\n")


class _Lines:
    """The lines that are not blank, each checked to be JSON and otherwise as they stand there."""

    def __init__(self, stream: IO[bytes], name: str) -> None:
        self.bytes_read = 0
        self._stream = stream
        self._name = name

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._stream, 1):
            self.bytes_read += len(line)
            text = self._text(line, number)
            if text:
                yield text

    def _text(self, line: bytes, number: int) -> str:
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            if text:
                json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            reason = _reason(error)
        else:
            return text
        # Not while that error is handled: the line is in it.
        raise QStashError(f"line {number} of {self._name} is no JSON: {reason}")


def _opened(source: str) -> AbstractContextManager[IO[bytes]]:
    if source == STDIN:
        return nullcontext(sys.stdin.buffer)
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise QStashError(f"--json-lines {source}: {error.strerror or error}") from error


def _size(stream: IO[bytes]) -> int | None:
    """Bytes of a regular file; None for what ends when it ends."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _reason(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            return f"{error.msg} at column {error.colno}"
        case UnicodeDecodeError():
            return "not UTF-8"
        case RecursionError():
            return "nested too deeply"
        case _:
            return str(error)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"there is no {constant} in JSON")


def _counted(messages: int) -> str:
    return "1 message was" if messages == 1 else f"{messages} messages were"
