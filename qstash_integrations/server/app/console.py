"""What a server tells whoever started it: the settings to copy, then what happens, line by line.

For people, or as JSON, one object per line. Of a URL the query is left out, which may hold secrets.
"""

import json
import shlex
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from ..._core.texts import printable
from ..attempt import Attempt
from ..model import Headline, Note
from .config import LocalServer
from .lines import Line, of_attempt, of_news, shown, summary, summary_of_news

Write = Callable[[str], None]
# Of machines, by the states of the log; the last is what ends in another way than with an attempt.
_EVENTS = {"CREATED": "accepted", "CANCELED": "cancelled", "FAILED": "failed", "RETRY": "retry"}


class Console(Protocol):
    """What is told of a server: its address when it listens, then what it delivers and what else happens."""

    def started(self, server: LocalServer) -> None:
        """It listens, and its credentials are known."""
        ...

    def delivered(self, attempt: Attempt) -> None:
        """What came of an attempt."""
        ...

    def happened(self, news: Headline | Note) -> None:
        """Anything else that is worth a line."""
        ...


class ForPeople:
    """``width`` says how many columns there are, None for what is no terminal.

    ``rewrites`` are those of the server's config, ``public_url`` is that of the app, ``written_to`` a file that has the
    settings, ``command`` what is run with them.
    """

    def __init__(
        self,
        write: Write,
        *,
        colour: bool,
        width: Callable[[], int | None] = lambda: None,
        rewrites: Sequence[tuple[str, str]] = (),
        public_url: str | None = None,
        written_to: str | None = None,
        command: Sequence[str] = (),
    ) -> None:
        self._write = write
        self._colour = colour
        self._width = width
        self._dashboard = ""
        self._rewrites = rewrites
        self._public_url = public_url
        self._written_to = written_to
        self._command = command

    def started(self, server: LocalServer) -> None:
        """What to copy; the first line is what the official JavaScript SDK waits for."""
        self._dashboard = f"{server.url}/"
        self._write(f"QStash is running at {server.url}")
        self._write("DEV SERVER: for development and tests, never for production.")
        self._write(f"Dashboard: {server.dashboard}{'' if server.is_published else '  (this link works once)'}")
        self._write(f"Database: {printable(_kept_in(server))}")
        self._write("")
        for name, value in environment(server, self._public_url).items():
            self._write(f"export {name}={shlex.quote(value)}")
        if self._written_to:
            self._write(f"# written to {self._written_to}")
        if self._command:
            # In one line, whatever is in it.
            self._write(f"# and given to: {' '.join(shlex.join(self._command).split())}")
        self._write("")
        if not self._command:
            self._write(f"curl -X POST {server.url}/v2/publish/http://127.0.0.1:8000/hooks/example \\")
            self._write(f"     -H 'Authorization: Bearer {server.token}' -d 'hello'")
            self._write("")
        for addressed, delivered in self._rewrites:
            self._write(f"What is addressed to {addressed} is delivered to {delivered}.")
        if server.read_only_token is not None:
            self._write(f"With this token one may read everything and change nothing: {server.read_only_token}")
        if not server.is_loopback and server.is_published:
            self._write("EVERYBODY who can reach this server may use it: its token and its keys are published.")
        elif not server.is_loopback:
            self._write("Other machines can reach this server, and whoever has the token can use it.")

    def delivered(self, attempt: Attempt) -> None:
        """What came of an attempt, in a line that the terminal has room for."""
        width, now = self._width(), time.time()
        line = of_attempt(attempt, dashboard=self._dashboard, now=now, is_short=width is not None)
        self._show(line, width, now)

    def happened(self, news: Headline | Note) -> None:
        """Anything else, likewise."""
        width, now = self._width(), time.time()
        self._show(of_news(news, now=now, is_short=width is not None), width, now)

    def _show(self, line: Line, width: int | None, now: float) -> None:
        self._write("\n".join(shown(line, at=_clock(int(now)), width=width, colour=self._colour)))


class ForMachines:
    """``at`` is in Unix seconds."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def started(self, server: LocalServer) -> None:
        """The event ``started``, with the environment of an app."""
        db = None if server.db is None else str(server.db.absolute())
        about = {"server": "DEV SERVER", "url": server.url, "dashboard": server.dashboard, "db": db}
        about |= {} if server.read_only_token is None else {"read_only_token": server.read_only_token}
        self._tell("started", {**about, "environment": environment(server)})

    def delivered(self, attempt: Attempt) -> None:
        """The event ``delivery``."""
        self._tell("delivery", summary(attempt))

    def happened(self, news: Headline | Note) -> None:
        """An event by what happened: ``accepted``, ``retry``, ``cancelled``, ``failed``, ``note``."""
        self._tell("note" if isinstance(news, Note) else _EVENTS[news.state], summary_of_news(news))

    def _tell(self, event: str, fields: Mapping[str, object]) -> None:
        self._write(json.dumps({"event": event, "at": round(time.time(), 3), **fields}))


def environment(server: LocalServer, public_url: str | None = None) -> dict[str, str]:
    """The settings of an app beside this server; its own public URL only where it is known."""
    settings = {
        "QSTASH_URL": server.url_for_others,
        "QSTASH_TOKEN": server.token,
        "QSTASH_CURRENT_SIGNING_KEY": server.keys.current,
        "QSTASH_NEXT_SIGNING_KEY": server.keys.next,
    }
    return settings if public_url is None else {**settings, "QSTASH_PUBLIC_URL": public_url}


@lru_cache(maxsize=1)
def _clock(second: int) -> str:
    return time.strftime("%H:%M:%S", time.localtime(second))


def _kept_in(server: LocalServer) -> str:
    return "in memory, gone when this ends; keep it with --db FILE" if server.db is None else str(server.db.absolute())
