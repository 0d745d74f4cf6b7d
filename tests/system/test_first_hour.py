"""A new user's way through README and pages, from an empty environment and in empty directories, in a reader's order.

What is installed is what anybody would get: the wheel of this checkout, with the extras that they name.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.programs import skip_without
from tests.readme import blocks, commands
from tests.server.destination import free_port
from tests.site.pages import DOCS
from tests.system.test_first_minute import HEADING, Program, running

ROOT = Path(__file__).parents[2]
INSTALLED_WITHIN = 300  # seconds
pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(INSTALLED_WITHIN + 120),
    skip_without("" if shutil.which("curl") else "the README's orders are made with curl"),
]


class Machine(NamedTuple):
    """An environment into which the package was installed, and the settings that a terminal has pasted."""

    bin: Path
    settings: dict[str, str]

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "QSTASH" not in name and name != "PYTHONPATH"}
        path = os.pathsep.join([str(self.bin), os.environ["PATH"]])
        return {**kept, "PATH": path, "PYTHONUNBUFFERED": "1", **self.settings, **more}

    def run(self, command: str, directory: Path, **more: str) -> str:
        """A command that ends; what it printed."""
        ended = subprocess.run(
            shlex.split(command),
            cwd=directory,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def running(self, command: str, directory: Path, **more: str) -> AbstractContextManager[Program]:
        return running(shlex.split(command), directory, self.environment(**more))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """Nothing but Python, and then what the README installs, and what the pages need."""
    home = tmp_path_factory.mktemp("machine")
    subprocess.run([sys.executable, "-m", "venv", home / "env"], check=True, timeout=INSTALLED_WITHIN)
    machine = Machine(home / "env" / "bin", {})
    package = f"{ROOT}[starlette,fastapi,flask,django,server]"
    subprocess.run(
        [machine.bin / "python", "-m", "pip", "install", "--quiet", package, "pytest"],
        check=True,
        cwd=home,
        timeout=INSTALLED_WITHIN,
    )
    return machine


@pytest.fixture(scope="module")
def machine(empty: Machine, tmp_path_factory: pytest.TempPathFactory) -> Generator[Machine]:
    """With ``qstash-integrations dev`` in a terminal of its own, whose lines are pasted into the others."""
    command = commands(HEADING)[0]
    with empty.running(f"{command} --port {free_port()}", tmp_path_factory.mktemp("dev")) as dev:
        lines = dev.wait_for("export QSTASH_NEXT_SIGNING_KEY=", within=60)
        pasted = [shlex.split(line)[1] for line in lines if line.startswith("export ")]
        yield Machine(empty.bin, dict(line.split("=", 1) for line in pasted))


def first_minute() -> tuple[str, list[str]]:
    """The app of the README, and what is typed beside the server's terminal."""
    (code,) = (block.code for block in blocks() if block.file == "app.py")
    return code, [command for command in commands(HEADING) if not command.startswith("qstash-integrations ")]


def framework(name: str) -> tuple[str, list[str]]:
    """The first app of its page, and what is typed below it."""
    page = DOCS / "frameworks" / f"{name}.md"
    return next(block.code for block in blocks(page) if block.language == "python"), commands("", page)


def code_of_tests() -> list[str]:
    page = blocks(DOCS / "howto" / "testing.md")
    return [block.code for block in page if block.language == "python" and block.file is None]


def order(
    machine: Machine, directory: Path, typed: list[str], *, serving: str, port_option: str, verified: str = "hooks/ship"
) -> None:
    """Export, start, order; and wait until the app says that it ships. On a free port instead of the page's."""
    export, start, curl = typed
    name, _, url = export.removeprefix("export ").partition("=")
    port = str(free_port())
    page_port = url.rpartition(":")[2]
    public_url = url.replace(page_port, port)
    with machine.running(f"{start} {port_option}{port}", directory, **{name: public_url}) as app:
        app.wait_for(serving, within=60)
        machine.run(f"{curl.replace(page_port, port)} --silent --fail", directory)
        app.wait_for("shipping order 3", within=30)
        refused = ["curl", "-X", "POST", f"{public_url}/{verified}", "-s", "-o", os.devnull, "-w", "%{http_code}"]
        assert subprocess.check_output(refused, text=True, timeout=30) == "401"


def test_flask_and_its_tests_beside_it(machine: Machine, tmp_path: Path) -> None:
    code, typed = first_minute()
    (tmp_path / "app.py").write_text(code)
    order(machine, tmp_path, typed, serving="Running on", port_option="--port ", verified="qstash/tasks/app.ship")
    (own,) = (block.code for block in blocks() if block.heading == "Testing" and block.language == "python")
    # In the terminal in which the app has run.
    public_url = typed[0].partition("=")[2]
    for index, test in enumerate([*code_of_tests()[:2], own]):
        (tmp_path / f"test_{index}.py").write_text(test)
        assert " passed" in machine.run("pytest -q", tmp_path, QSTASH_PUBLIC_URL=public_url)
    machine.run("python -m unittest test_1", tmp_path, QSTASH_PUBLIC_URL=public_url)


def test_flask_with_a_webhook_of_its_own(machine: Machine, tmp_path: Path) -> None:
    code, typed = framework("flask")
    (tmp_path / "app.py").write_text(code)
    order(machine, tmp_path, typed, serving="Running on", port_option="--port ")


@pytest.mark.parametrize("name", ["starlette", "fastapi"])
def test_asgi(name: str, machine: Machine, tmp_path: Path) -> None:
    code, typed = framework(name)
    (tmp_path / "app.py").write_text(code)
    order(machine, tmp_path, typed, serving="Application startup complete", port_option="--port ")


def test_django_and_its_tests(machine: Machine, tmp_path: Path) -> None:
    code, typed = framework("django")
    started = re.search(r"`(django-admin startproject [^`]+)`", (DOCS / "frameworks" / "django.md").read_text())
    assert started is not None
    machine.run(started[1], tmp_path)
    (tmp_path / "shop" / "urls.py").write_text(code)
    machine.run("python manage.py migrate", tmp_path)
    order(machine, tmp_path, typed, serving="Quit the server", port_option="")
    (tmp_path / "shop" / "tests.py").write_text(code_of_tests()[2])
    machine.run("python manage.py test", tmp_path, QSTASH_PUBLIC_URL=typed[0].partition("=")[2])


def test_one_terminal_will_do(empty: Machine, tmp_path: Path) -> None:
    """Without any setting but those that ``dev --`` gives it."""
    (tmp_path / "app.py").write_text(first_minute()[0])
    port = free_port()
    command = f"qstash-integrations dev --port {free_port()} -- flask run --port {port}"
    with empty.running(command, tmp_path) as both:
        both.wait_for("Running on", within=60)
        empty.run(f"curl -X POST http://127.0.0.1:{port}/orders --silent --fail", tmp_path)
        both.wait_for("shipping order 3", within=30)
