"""The app that ``dev -- COMMAND`` runs beside the server: with its settings, and never longer than it.

Spec: https://docs.python.org/3/library/subprocess.html
"""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath

from ..._core.errors import QStashError
from ..._core.settings.given import REGIONS

STOPPED_WITHIN = 10.0  # seconds, then it is killed
_NOT_FOUND = "{program!r} is no program that is found here; activate the environment that it is installed in"
# Where the servers that people start by hand listen unless told otherwise.
_PORTS = {
    "daphne": 8000, "fastapi": 8000, "flask": 5000, "granian": 8000, "gunicorn": 8000, "hypercorn": 8000,
    "runserver": 8000, "uvicorn": 8000, "waitress-serve": 8080,
}  # fmt: skip
_PORT_OPTIONS = ("--port", "-p", "--bind", "-b")


class AppProcess:
    """A command, which ``start`` runs. QStashError at once where there is no such program."""

    def __init__(self, command: Sequence[str]) -> None:
        if shutil.which(command[0]) is None:
            raise QStashError(_NOT_FOUND.format(program=command[0]))
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_told = False
        # In a group of its own whatever it starts in turn is reached as well. At a terminal it has to stay in the
        # terminal's group to read from it, and Ctrl+C reaches it there by itself.
        self._at_terminal = _has_terminal()

    def start(self, settings: Mapping[str, str], ended: Callable[[], None]) -> None:
        """Run it with ``settings`` in its environment; ``ended`` is called from a thread when it is over."""
        try:
            process = self._process = subprocess.Popen(  # noqa: S603
                self._command, env={**_kept(), **settings}, process_group=None if self._at_terminal else 0
            )
        except OSError as error:
            raise QStashError(f"{self._command[0]}: {error.strerror or error}") from error

        def wait() -> None:
            process.wait()
            ended()

        threading.Thread(target=wait, name="qstash-app", daemon=True).start()

    def send(self, number: int) -> None:
        """Hand on a signal, but for the Ctrl+C that a terminal has sent to it as well."""
        self._is_told = True
        if not (self._at_terminal and number == signal.SIGINT):
            self._signal(number)

    def stop(self) -> int:
        """Wait for it, after a while no longer; its exit code as shells have it."""
        process = self._process
        if process is None:
            return 0
        for number in (None if self._is_told else signal.SIGTERM, signal.SIGTERM, signal.SIGKILL):
            if number is not None and process.poll() is None:
                self._signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOPPED_WITHIN)
                break
        if not self._at_terminal:
            self._signal(signal.SIGKILL)  # what it has left behind
        return process.returncode if process.returncode >= 0 else 128 - process.returncode

    def _signal(self, number: int) -> None:
        process = self._process
        if process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if self._at_terminal or sys.platform == "win32":
                process.send_signal(number)
            else:
                os.killpg(process.pid, number)


def public_url_of(command: Sequence[str]) -> str | None:
    """Where a well-known server listens on this machine when it is started like that; None for any other command."""
    names = [PurePath(word).name for word in command]
    known = next((name for name in names if name in _PORTS), None)
    if known is None:
        return None
    port = str(_PORTS[known])
    for index, word in enumerate(command):
        option, equals, value = word.partition("=")
        if option in _PORT_OPTIONS:
            port = (value if equals else next(iter(command[index + 1 :]), "")).rpartition(":")[2]
        elif index and names[index - 1] == "runserver" and not word.startswith("-"):
            port = word.rpartition(":")[2]
    return f"http://127.0.0.1:{port}" if port.isascii() and port.isdigit() else None


def _kept() -> dict[str, str]:
    """This process's environment, without what would be preferred to the settings of the server."""
    regional = ("QSTASH_REGION", *(f"{region}_QSTASH_" for region in REGIONS))
    return {name: value for name, value in os.environ.items() if not name.startswith(regional)}


def _has_terminal() -> bool:
    if sys.platform == "win32":
        return True
    try:
        return os.tcgetpgrp(sys.stdin.fileno()) == os.getpgrp()
    except (OSError, ValueError):
        return False
