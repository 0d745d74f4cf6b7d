"""Each line of JSON becomes a message, however many lines there are. What is refused stops no other line.

A refused batch is sent again one by one, under the same deduplication ids, which tells whose fault it was. What
concerns the account (a wrong token, a limit) or the connection ends it all.

Spec: https://jsonlines.org
"""

import json
import os
import stat
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, Any, NamedTuple, NoReturn

from ._core.errors import APIError, QStashError
from ._core.publishing.client import QStash
from .schedules.terminal import Drawn

STDIN = "-"
_OF_A_MESSAGE = frozenset((400, 412, 413, 422))


class Failed(NamedTuple):
    """A line that became no message."""

    line: int
    source: str
    why: str


def publish_lines(
    client: QStash,
    url: str,
    source: str,
    *,
    chunk_size: int,
    tell: Callable[[Failed], object],
    begin: Callable[[str, int | None], Drawn],
) -> int:
    """Publish every line of a file, or of stdin for ``-``, to ``url``; how many QStash has accepted.

    QStashError and, for Ctrl+C, a line on stderr tell how many were accepted before.
    """
    with _opened(source) as stream, begin("messages", _size(stream)) as progress:
        lines = _Lines(stream, "stdin" if source == STDIN else source, tell)
        accepted = 0
        try:
            for chunk in _chunks(lines, chunk_size):
                accepted += _publish(client, url, chunk, lines)
                progress.draw(lines.bytes_read, f"{accepted} messages")
        except QStashError as error:
            raise QStashError(f"{error}; {_counted(accepted)} accepted before") from error
        except KeyboardInterrupt:
            sys.stderr.write(f"\ninterrupted; {_counted(accepted)} accepted before\n")
            raise
    return accepted


class _Lines:
    """The lines that are not blank, each checked to be JSON and otherwise as they stand there."""

    def __init__(self, stream: IO[bytes], name: str, tell: Callable[[Failed], object]) -> None:
        self.bytes_read = 0
        self._stream = stream
        self._name = name
        self._tell = tell

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self._stream, 1):
            self.bytes_read += len(line)
            text = self._text(line, number)
            if text:
                yield number, text

    def fail(self, number: int, why: str) -> None:
        self._tell(Failed(number, self._name, why))

    def _text(self, line: bytes, number: int) -> str:
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").strip()
            if text:
                json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            self.fail(number, f"is no JSON: {_reason(error)}")
            return ""
        return text


def _chunks(lines: _Lines, size: int) -> Iterator[list[tuple[int, str]]]:
    chunk: list[tuple[int, str]] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _publish(client: QStash, url: str, chunk: list[tuple[int, str]], lines: _Lines) -> int:
    """How many were accepted; the others were told."""
    messages: list[Any] = [
        {"url": url, "body": text, "content_type": "application/json", "deduplication_id": uuid.uuid4().hex}
        for _, text in chunk
    ]
    try:
        client.batch(messages)
    except APIError as error:
        if error.status not in _OF_A_MESSAGE:
            raise
    else:
        return len(messages)
    accepted = 0
    for (number, _), message in zip(chunk, messages, strict=True):
        try:
            client.publish(message)
            accepted += 1
        except APIError as error:
            if error.status not in _OF_A_MESSAGE:
                raise
            lines.fail(number, f"was refused: {error}")
    return accepted


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
