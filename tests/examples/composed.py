"""The services of the examples' Compose file as processes of this machine: the same commands, in a copy of the apps."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.server.destination import free_port
from tests.waiting import wait_until

EXAMPLES = Path(__file__).parents[2] / "example_apps"
COMPOSE: Mapping[str, Any] = yaml.safe_load((EXAMPLES / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: Mapping[str, Any] = COMPOSE["services"]
TOKEN: str = COMPOSE["x-environment"]["QSTASH_TOKEN"]
_STOPPED_WITHIN = 10.0  # seconds


class Composed:
    """What containers have each for itself is here a port or a directory of ``root``."""

    def __init__(self, root: Path) -> None:
        self._root = root
        shutil.copytree(EXAMPLES, root / "example_apps", ignore=shutil.ignore_patterns("__pycache__", "*.db*"))
        (root / "data").mkdir()
        self._ports = {service: free_port() for service in ("qstash", "app", "mail")}
        self.qstash, self.app = (f"http://127.0.0.1:{self._ports[service]}" for service in ("qstash", "app"))

    @contextmanager
    def running(self, service: str) -> Generator[None]:
        """From when it listens until it has ended."""
        port = self._ports.get(service, self._ports["app"])
        with (self._root / f"{service}.log").open("ab") as log:
            process = subprocess.Popen(stdout=log, stderr=log, **self._started(service))
            try:
                wait_until(lambda: process.poll() is not None or _listens(port), otherwise=lambda: self.log(service))
                assert process.poll() is None, self.log(service)
                yield
            finally:
                process.terminate()
                try:
                    process.wait(_STOPPED_WITHIN)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def run(self, service: str) -> None:
        """One that ends by itself."""
        done = subprocess.run(**self._started(service), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def build(self) -> None:
        """What the image runs in the apps."""
        for line in re.findall(r"^RUN python (.*)$", COMPOSE["x-built"]["build"]["dockerfile_inline"], re.MULTILINE):
            command = [sys.executable, *shlex.split(line)]
            subprocess.run(command, cwd=self._root / "example_apps", env=_PATH, check=True, capture_output=True)

    def log(self, service: str) -> str:
        return (self._root / f"{service}.log").read_text(encoding="utf-8", errors="replace")

    def _started(self, service: str) -> dict[str, Any]:
        told = SERVICES[service]
        command = told["command"]
        given = shlex.split(self._here(command)) if isinstance(command, str) else list(map(self._here, command))
        if service == "qstash":
            given.append(f"--port={self._ports['qstash']}")
        environment = {name: self._here(value) for name, value in told.get("environment", {}).items()}
        if "EMAIL_HOST" in environment:
            environment |= {"EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": str(self._ports["mail"])}
        directory = self._here(told.get("working_dir", "/src/example_apps"))
        return {"args": given, "cwd": directory, "env": {**_PATH, **environment}}

    def _here(self, text: str) -> str:
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
        for there, here in {
            "http://qstash:8080": self.qstash,
            "http://app:8000": self.app,
            "0.0.0.0:8000": f"127.0.0.1:{self._ports['app']}",
            "--port 8000": f"--port {self._ports['app']}",
            "0.0.0.0:2525": f"127.0.0.1:{self._ports['mail']}",
            "/data/": f"{self._root / 'data'}/",
            "/src/": f"{self._root}/",
        }.items():
            text = text.replace(there, here)
        return text


_PATH = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]), "PYTHONUNBUFFERED": "1"}


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
