"""Each kind of app behind each server that people put it behind, started as its manual says."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

from tests.server.destination import free_port
from tests.servers.wire import Answer, Wire
from tests.signing import CURRENT, NEXT, ORIGIN

ROOT = Path(__file__).parents[2]
RAN = b"GET /ran HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n"
START = 60.0  # seconds


class Site(NamedTuple):
    """An app behind a server."""

    app: str
    server: str

    @property
    def streams(self) -> bool:
        """The app is called before the body has arrived, and reads it in its own time."""
        return self.app in _STREAMING_APPS and self.server != "daphne"

    @property
    def answers_early(self) -> bool:
        """A request can be answered before its body has arrived."""
        return self.streams or (self.app in _WSGI_APPS and self.server != "waitress")

    @property
    def invites_late(self) -> bool:
        """100 Continue is sent when the app reads, and not before."""
        return self.answers_early and self.server in _LATE_INVITERS


_STREAMING_APPS = ("bare", "with_starlette", "with_fastapi")
_LATE_INVITERS = ("uvicorn-h11", "uvicorn-httptools", "granian", "granian-wsgi", "gunicorn-asgi")
_ASGI_APPS = (*_STREAMING_APPS, "with_async_django")
_WSGI_APPS = ("with_flask", "with_django")
ASGI_SERVERS = ("uvicorn-h11", "uvicorn-httptools", "hypercorn", "granian", "daphne", "gunicorn-asgi")
ROOT_PATH_OPTIONS = dict.fromkeys(ASGI_SERVERS, "--root-path") | {"granian": "--url-path-prefix"}
_WSGI_SERVERS = ("gunicorn", "gunicorn-gthread", "waitress", "granian-wsgi")
_PAIRS = [
    *((app, server) for app in _ASGI_APPS for server in ASGI_SERVERS),
    *((app, server) for app in _WSGI_APPS for server in _WSGI_SERVERS),
    ("with_flask", "flask run"),
    ("with_django", "runserver"),
]
SITES = {f"{app} on {server}": Site(app, server) for app, server in _PAIRS}
# Every server with the plainest app, and every app on one server: what a server makes of the bytes is the same for all.
_PLAINEST = ("bare", "with_flask")
_BEST_KNOWN = ("uvicorn-httptools", "gunicorn", "runserver")
CHOSEN = [name for name, site in SITES.items() if site.app in _PLAINEST or site.server in _BEST_KNOWN]
_APP = "tests.servers.apps."
_COMMANDS: Mapping[str, Callable[[str, int], str]] = {
    "uvicorn-h11": lambda app, port: f"uvicorn --http h11 --port {port} {app}:application",
    "uvicorn-httptools": lambda app, port: f"uvicorn --http httptools --port {port} {app}:application",
    "hypercorn": lambda app, port: f"hypercorn --bind 127.0.0.1:{port} {app}:application",
    "granian": lambda app, port: f"granian --interface asgi --port {port} {app}:application",
    "granian-wsgi": lambda app, port: f"granian --interface wsgi --port {port} {app}:application",
    "daphne": lambda app, port: f"daphne --bind 127.0.0.1 --port {port} {app}:application",
    "gunicorn": lambda app, port: f"gunicorn --no-control-socket --bind 127.0.0.1:{port} {app}",
    "gunicorn-gthread": lambda app, port: (
        f"gunicorn --no-control-socket --worker-class gthread --threads 4 --bind 127.0.0.1:{port} {app}"
    ),
    "gunicorn-asgi": lambda app, port: (
        f"gunicorn --no-control-socket --worker-class asgi --bind 127.0.0.1:{port} {app}"
    ),
    "waitress": lambda app, port: f"waitress --listen 127.0.0.1:{port} {app}:application",
    "flask run": lambda app, port: f"flask --app {app}:application run --port {port}",
    "runserver": lambda app, port: f"django runserver --noreload --settings {_APP}project.settings 127.0.0.1:{port}",
}


class Running:
    """A site while it runs."""

    def __init__(self, site: Site, port: int) -> None:
        self.site = site
        self.port = port
        self.may_run_late: str | None = None
        """The digest of the body with which the last request may still run the handler."""
        self._known = len(self._runs())

    def connect(self) -> Wire:
        return Wire(self.port)

    def exchange(self, *sent: bytes, hang_up: bool = False) -> list[Answer]:
        """All answers to these bytes; ``hang_up``: tell the server at once that they are all."""
        with self.connect() as wire:
            wire.send(*sent)
            if hang_up:
                wire.hang_up()
            return wire.answers()

    def new_runs(self) -> list[str]:
        """What the handler saw since the last question. Also shows that the server is alive."""
        runs = self._runs()
        known, self._known = self._known, len(runs)
        return runs[known:]

    def _runs(self) -> list[str]:
        (answer,) = self.exchange(RAN)
        assert answer.status == 200
        return answer.body.decode().splitlines()


@contextmanager
def running(site: Site, arguments: str = "", **environment: str) -> Generator[Running]:
    """Start a site on a free port; afterwards nothing that it printed may hold a key or tell of an error of ours."""
    port = free_port()
    command = f"{_COMMANDS[site.server](_APP + site.app, port)} {arguments}"
    kept = {name: value for name, value in os.environ.items() if "QSTASH" not in name}
    settings = {
        "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
        "QSTASH_NEXT_SIGNING_KEY": NEXT,
        "QSTASH_PUBLIC_URL": ORIGIN,
        "PYTHONUNBUFFERED": "1",
    }
    with TemporaryFile() as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", *command.split()],
            cwd=ROOT,
            env={**kept, **settings, **environment},
            stdout=printed,
            stderr=subprocess.STDOUT,
        )
        try:
            up = _is_up(process, port)
            if up:
                yield Running(site, port)
        finally:
            process.terminate()
            process.wait(20)
            printed.seek(0)
            text = printed.read().decode(errors="replace")
    assert up, f"{command} did not start: {text}"
    assert f"{os.sep}qstash_integrations{os.sep}" not in text, f"an error came through the package: {text}"
    assert not any(key in text for key in (CURRENT, NEXT)), "a signing key was printed"


def _is_up(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait for the first answer."""
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with Wire(port) as wire:
                wire.send(RAN)
                if wire.answer("GET") is not None:
                    return True
        # Gunicorn listens before it has imported the app, which may take longer than a client waits.
        except (ConnectionRefusedError, TimeoutError):
            time.sleep(0.05)
    return False
