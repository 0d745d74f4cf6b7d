"""The example apps as processes, each behind its framework's own server on a free port of this machine."""

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from .._core.errors import QStashError

READY_WITHIN = 30.0  # seconds
STOPPED_WITHIN = 5.0  # seconds
_LOG_SHOWN = 2000  # characters

_UVICORN = "uvicorn {package}.%s_app:app --port {port} --no-access-log --lifespan on"
COMMANDS = {
    "starlette": _UVICORN % "starlette",
    "fastapi": _UVICORN % "fastapi",
    "flask": "flask --app {package}.flask_app run --port {port} --no-reload",
    "django": "django runserver 127.0.0.1:{port} --noreload --settings {package}.django_app.settings",
}
"""What follows ``python -m``, by framework."""

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).resolve().parents[2]


class DemoError(QStashError):
    """The demo cannot go on; the text says why, with the end of the log of the app that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A running example app."""

    name: str
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """DemoError with the end of its log when the process has ended."""
        if self.process.poll() is not None:
            shown = self.log.read_text(errors="replace")[-_LOG_SHOWN:]
            raise DemoError(f"the {self.name} app ended with exit code {self.process.returncode}:\n{shown}")


@contextmanager
def running_apps(settings: Mapping[str, str]) -> Generator[list[App]]:
    """Start all four and wait until they listen; ``settings`` are the QSTASH_* variables but the public URL."""
    missing = [name for name in COMMANDS if importlib.util.find_spec(name) is None]
    if missing:
        raise DemoError(f"the demo needs {', '.join(missing)}; install with: pip install 'qstash_integrations[all]'")
    package = examples_package()
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qstash-demo-")))
        apps = [stack.enter_context(_running(name, package, settings, logs)) for name in COMMANDS]
        for app in apps:
            _wait_until_it_listens(app)
        yield apps


def examples_package() -> str:
    """Where the example apps lie: in the package when it was installed from a wheel, beside it in a checkout."""
    installed = f"{_PACKAGE}._examples"
    if importlib.util.find_spec(installed) is not None:
        return installed
    if (_ROOT / "example_apps" / "__init__.py").is_file():
        return "example_apps"
    raise DemoError("the example apps are missing: install qstash_integrations from a wheel, or run from a checkout")


@contextmanager
def _running(name: str, package: str, settings: Mapping[str, str], logs: Path) -> Generator[App]:
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    log = logs / f"{name}.log"
    command = [sys.executable, "-m", *COMMANDS[name].format(package=package, port=port).split()]
    environment = _environment({**settings, "QSTASH_PUBLIC_URL": url})
    with log.open("wb") as output:
        # Elsewhere than here: ``python -m`` would find a checkout of this package before the installed one.
        process = subprocess.Popen(command, cwd=logs, env=environment, stdout=output, stderr=output)  # noqa: S603
        try:
            yield App(name=name, url=url, process=process, log=log)
        finally:
            _stop(process)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """This process's own, without any QSTASH_* setting of an account, and with the checkout importable."""
    kept = {
        name: value for name, value in os.environ.items() if "QSTASH" not in name and not name.startswith("DJANGO_")
    }
    paths = [str(_ROOT), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, **settings, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def _wait_until_it_listens(app: App) -> None:
    port = int(app.url.rpartition(":")[2])
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline:
        app.check()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise DemoError(f"the {app.name} app did not listen on port {port} within {READY_WITHIN:.0f} seconds")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
