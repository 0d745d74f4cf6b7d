"""``dev -- COMMAND``: a server and an app that begin and end together, as processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.readme import blocks
from tests.server.destination import free_port

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(os.name != "posix", reason="signals and groups of processes are those of POSIX"),
]
SOON = 20.0  # seconds
READY = "import os, pathlib, signal, subprocess, sys, time\n"
SHOWS = READY + "print(*(f'{n}={v}' for n, v in os.environ.items() if 'QSTASH' in n), sep='\\n', flush=True)\n"
WAITS = READY + "print('app', os.getpid(), flush=True)\ntime.sleep(60)\n"
# As servers with a reloader: what it has started in turn does not end by itself.
STARTS_ANOTHER = READY + (
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
    "print('child', child.pid, flush=True)\nprint('app', os.getpid(), flush=True)\ntime.sleep(60)\n"
)
TELLS = READY + (
    "def told(number, frame):\n    print('told', signal.Signals(number).name, flush=True)\n    sys.exit(7)\n"
    "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, told)\n"
    "print('app', os.getpid(), flush=True)\ntime.sleep(60)\n"
)


@contextmanager
def dev(
    *arguments: str, program: str = "", cwd: Path | None = None, **environment: str
) -> Generator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "qstash_integrations", "dev", "--port", "0", *arguments]
    kept = {name: value for name, value in os.environ.items() if "QSTASH" not in name}
    process = subprocess.Popen(
        [*command, "--", sys.executable, "-c", program] if program else command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**kept, "PYTHONUNBUFFERED": "1", **environment},
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=SOON)


def line_with(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(f"{word} "):
            return line.removeprefix(f"{word} ").strip()
    raise AssertionError(f"{word} was not printed")


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + SOON
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_the_app_runs_with_the_settings_of_the_server_and_no_others() -> None:
    given = {"QSTASH_REGION": "US_EAST_1", "US_EAST_1_QSTASH_TOKEN": "real", "QSTASH_TOKEN": "real"}
    with dev("--public-url", "http://127.0.0.1:5000", program=SHOWS, **given) as process:
        output, _ = process.communicate(timeout=SOON)
    settings = dict(line.split("=", 1) for line in output.splitlines() if line.startswith(("QSTASH_", "US_EAST")))
    assert sorted(settings) == [
        "QSTASH_CURRENT_SIGNING_KEY",
        "QSTASH_NEXT_SIGNING_KEY",
        "QSTASH_PUBLIC_URL",
        "QSTASH_TOKEN",
        "QSTASH_URL",
    ]
    assert settings["QSTASH_PUBLIC_URL"] == "http://127.0.0.1:5000"
    assert settings["QSTASH_URL"] in output.splitlines()[0]
    assert settings["QSTASH_TOKEN"] != "real"


@pytest.mark.parametrize("code", [0, 3])
def test_the_server_ends_with_the_app_and_its_exit_code(code: int) -> None:
    with dev(program=f"raise SystemExit({code})") as process:
        assert process.wait(SOON) == code


def test_an_app_that_a_signal_has_ended_counts_as_shells_count_it() -> None:
    with dev(program=f"{READY}os.kill(os.getpid(), signal.SIGKILL)") as process:
        assert process.wait(SOON) == 128 + signal.SIGKILL


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_app_is_told_of_a_signal_and_its_exit_code_counts(number: signal.Signals) -> None:
    with dev(program=TELLS) as process:
        line_with(process, "app")
        process.send_signal(number)
        output, errors = process.communicate(timeout=SOON)
    assert f"told {number.name}\n" in output
    assert (process.returncode, errors) == (7, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_behind(number: signal.Signals) -> None:
    with dev(program=STARTS_ANOTHER) as process:
        child, app = int(line_with(process, "child")), int(line_with(process, "app"))
        process.send_signal(number)
        process.wait(SOON)
    assert is_gone(app)
    assert is_gone(child)


def test_the_app_ends_with_a_server_that_cannot_go_on(tmp_path: Path) -> None:
    """The settings could not be written: the app has not even begun."""
    (tmp_path / "sub").mkdir()
    with dev("--write-env", str(tmp_path / "sub"), program=WAITS) as process:
        output, errors = process.communicate(timeout=SOON)
    assert (process.returncode, "app" in output) == (1, False)
    assert (
        errors
        == f"qstash-integrations dev: {tmp_path / 'sub'} is no ordinary file; name another one with --write-env\n"
    )


def test_a_program_that_there_is_not_is_one_line_and_exit_code_1() -> None:
    command = [sys.executable, "-m", "qstash_integrations", "dev", "--port", "0", "--", "flsk", "run"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=SOON, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("qstash-integrations dev: 'flsk' is no program that is found here")


def test_the_first_app_of_the_readme_needs_nothing_else(tmp_path: Path) -> None:
    """Where ``flask run`` listens it is known."""
    (tmp_path / "app.py").write_text(next(block.code for block in blocks() if block.file == "app.py"))
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "qstash_integrations",
        "dev",
        "--port",
        "0",
        "--",
        "flask",
        "run",
        "--port",
        str(port),
    ]
    kept = {name: value for name, value in os.environ.items() if "QSTASH" not in name}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**kept, "PATH": path, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        seen = next(line for line in process.stdout if "Running on" in line)
        httpx.post(f"http://127.0.0.1:{port}/orders", trust_env=False).raise_for_status()
        seen = next(line for line in process.stdout if "shipping order 3" in line)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=SOON)
    assert seen


def test_commands_end_quietly_when_nobody_reads() -> None:
    for verb in (["--help"], ["dev", "--help"], ["sign", "--url", "https://a.example", "--curl"]):
        command = [sys.executable, "-m", "qstash_integrations", *verb]
        environment = {**os.environ, "QSTASH_CURRENT_SIGNING_KEY": "sig_TESTONLYcurrent000000000000A"}
        read, write = os.pipe()
        os.close(read)
        ended = subprocess.run(
            command, stdout=write, stderr=subprocess.PIPE, env=environment, timeout=SOON, check=False
        )
        os.close(write)
        assert ended.stderr == b"", verb
        assert ended.returncode in (0, 141), verb
