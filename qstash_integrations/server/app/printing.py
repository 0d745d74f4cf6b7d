"""Lines for a terminal or a pipe, written by a thread of their own: whoever does not read them holds up nobody."""

import io
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from types import TracebackType
from typing import Self, TextIO

MOST = 1000  # lines that wait to be written; what comes on top of them is dropped and counted
PATIENCE = 1.0  # seconds for what still waits at the end
TOGETHER = 0.02  # seconds in which lines are gathered: a thread that wakes for each line costs more than the line


class Printer:
    """Called with a line, which it takes without waiting. At the end of its block what was taken is written."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._descriptor = _descriptor(stream)
        self._lines: deque[str] = deque()
        self._dropped = 0
        self._over = threading.Event()
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="qstash-printer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._changed:
            self._over.set()
            self._changed.notify()
        self._thread.join(PATIENCE)

    def __call__(self, line: str) -> None:
        with self._changed:
            if len(self._lines) < MOST:
                self._lines.append(line)
                self._changed.notify()
            else:
                self._dropped += 1

    def _run(self) -> None:
        while lines := self._taken():
            try:
                self._write("".join(f"{line}\n" for line in lines))
            except BrokenPipeError:
                return  # nobody will ever read, and once it is closed the descriptor may be another file's
            except (OSError, ValueError):
                continue  # a terminal that is gone, or that cannot show a character

    def _taken(self) -> list[str]:
        """All that waits; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._over.is_set())
        self._over.wait(TOGETHER)
        with self._changed:
            lines = list(self._lines)
            self._lines.clear()
            if self._dropped:
                lines.append(f"... {self._dropped} lines more, which nobody was there to read")
                self._dropped = 0
            return lines

    def _write(self, text: str) -> None:
        if self._descriptor is None:
            self._stream.write(text)
            self._stream.flush()
            return
        # Past the stream's buffer, whose lock a write that never ends would hold for as long as the process lives.
        raw = text.encode(self._stream.encoding or "utf-8", "backslashreplace")
        while raw:
            raw = raw[os.write(self._descriptor, raw) :]


@contextmanager
def logging_to(printer: Printer) -> Generator[None]:
    """Let warnings of all loggers be printed, as they are where nobody has set up logging."""
    handler = _Printing(printer)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


class _Printing(logging.Handler):
    def __init__(self, printer: Printer) -> None:
        super().__init__(logging.WARNING)
        self._printer = printer

    def emit(self, record: logging.LogRecord) -> None:
        self._printer(self.format(record))


def _descriptor(stream: TextIO) -> int | None:
    """None for what is no file of the system, and for the console of Windows, which takes no bytes."""
    if sys.platform == "win32":
        return None
    try:
        return stream.fileno()
    except (OSError, io.UnsupportedOperation):
        return None
