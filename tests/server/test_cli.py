"""The command line, as a process of its own."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import httpx
import pytest

from qstash_integrations.cli import main
from tests.server.destination import OK, SOON, destination, free_port
from tests.waiting import wait_until

COMMAND = [sys.executable, "-m", "qstash_integrations", "dev"]


@contextmanager
def started(*arguments: str) -> Generator[subprocess.Popen[str]]:
    """A server process; it is killed in the end if it still runs."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def dev(*arguments: str) -> Generator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A server process and the environment that it prints."""
    with started(*arguments) as process:
        assert process.stdout is not None
        settings: dict[str, str] = {}
        for line in process.stdout:
            name, equals, value = line.strip().removeprefix("export ").partition("=")
            if equals and name.startswith("QSTASH_"):
                settings[name] = value
            if line.startswith("     -H "):
                break
        yield process, settings


def publish(settings: dict[str, str], url: str) -> str:
    answer = httpx.post(
        f"{settings['QSTASH_URL']}/v2/publish/{url}", headers={"Authorization": f"Bearer {settings['QSTASH_TOKEN']}"}
    )
    return str(answer.json()["messageId"])


@pytest.mark.system
def test_dev_prints_what_to_copy_and_a_line_per_delivery() -> None:
    port = free_port()
    with destination() as there, dev("--port", str(port)) as (process, settings):
        assert settings == {
            "QSTASH_URL": f"http://127.0.0.1:{port}",
            "QSTASH_TOKEN": "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=",
            "QSTASH_CURRENT_SIGNING_KEY": "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r",
            "QSTASH_NEXT_SIGNING_KEY": "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs",
        }
        message_id = publish(settings, f"{there.url}/hook")
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        accepted, told = process.stdout.readline(), process.stdout.readline()
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d  accepted +{message_id}  POST  {there.url}/hook  from 127\.0\.0\.1\n", accepted
    )
    assert re.fullmatch(rf"\d\d:\d\d:\d\d  200 +\d+ ms  {message_id}  POST  {there.url}/hook\n", told)


@pytest.mark.system
def test_its_first_line_is_what_the_official_javascript_sdk_waits_for() -> None:
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.terminate()
    assert re.search(r"runn+ing( at|\.)", first, re.IGNORECASE)


@pytest.mark.system
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_once_deliveries_have_ended(number: int, code: int) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def slowly(connection: socket.socket) -> None:
        arrived.set()
        go_on.wait(SOON)
        connection.sendall(OK)

    with destination(slowly) as there, dev("--port", "0") as (process, settings):
        publish(settings, f"{there.url}/hook")
        assert arrived.wait(SOON)
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        go_on.set()
        output, errors = process.communicate(timeout=SOON)
    assert "  200  " in output
    assert (process.returncode, errors) == (code, "")


@pytest.mark.system
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)], ids=["SIGINT", "SIGTERM"]
)
def test_a_second_signal_does_not_wait(number: int, code: int) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def never(connection: socket.socket) -> None:
        arrived.set()
        go_on.wait(SOON)

    with destination(never) as there, dev("--port", "0") as (process, settings):
        publish(settings, f"{there.url}/hook")
        assert arrived.wait(SOON)
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(number)
        process.wait(SOON)
        go_on.set()
    assert process.returncode == code


@pytest.mark.system
def test_after_a_kill_every_accepted_message_is_delivered(tmp_path: Path) -> None:
    db = str(tmp_path / "qstash.db")
    go_on = threading.Event()

    def never(connection: socket.socket) -> None:
        go_on.wait(SOON)

    with destination(never) as there:
        with dev("--port", "0", "--db", db) as (process, settings):
            published = {publish(settings, f"{there.url}/hook") for _ in range(10)}
            there.next()
            process.kill()
            process.wait(SOON)
        go_on.set()
        while not there.nothing_more():
            there.next()
        with dev("--port", "0", "--db", db):
            delivered = {there.next().header("Upstash-Message-Id") for _ in range(10)}
    assert delivered == published


def test_a_port_in_use_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with destination() as there:
        assert main(["dev", "--port", str(there.port)]) == 1
    assert capsys.readouterr() == (
        "",
        f"qstash-integrations dev: 127.0.0.1:{there.port}: address already in use; stop what listens there, or choose "
        "another port with --port\n",
    )


def test_a_file_that_cannot_be_written_is_one_line_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["dev", "--port", "0", "--db", str(tmp_path)]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith(f"qstash-integrations dev: --db {tmp_path}: it is a directory; ")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("port", ["-1", "65536", "http", "8080.0", ""])
def test_what_is_no_port_is_a_usage_error(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", f"--port={port}"]) == 2
    assert f"{port!r} is no port" in capsys.readouterr().err


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"qstash-integrations {version('qstash_integrations')}\n", "")


def test_only_dev_runs_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--", "flask", "run"]) == 2
    assert "only dev runs a program of yours, as in: qstash-integrations dev -- flask run" in capsys.readouterr().err


def test_a_public_url_that_is_none_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "--port", "0", "--public-url", "127.0.0.1:5000"]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("qstash-integrations dev: --public-url has no scheme")
    assert errors.count("\n") == 1


def test_no_url_is_written_to_a_file_that_a_shell_would_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / ".env"
    assert main(["dev", "--write-env", str(path), "--public-url", "https://shop.example/$(id)"]) == 1
    assert "--public-url has characters that a shell would not take as they are" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.system
def test_the_settings_are_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    with dev("--port", "0", "--write-env", str(path), "--public-url", "http://127.0.0.1:5000") as (_, settings):
        written = dict(line.split("=", 1) for line in path.read_text().splitlines())
    assert written == settings
    assert written["QSTASH_PUBLIC_URL"] == "http://127.0.0.1:5000"


def test_without_a_command_there_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Run a local QStash." in capsys.readouterr().err


@pytest.mark.system
def test_the_command_line_imports_no_server_until_one_is_run() -> None:
    program = "import sys, qstash_integrations.cli; print('starlette' in sys.modules, 'uvicorn' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False False\n"


@pytest.mark.system
def test_rewritten_deliveries_are_told_as_json() -> None:
    """Every line of the output is one object, for machines."""
    started_at = time.time()
    with destination() as there:
        nobody = f"http://127.0.0.1:{free_port()}"
        rewrites = [f"--rewrite=https://api.example.com={there.url}", f"--rewrite=https://old.example={nobody}"]
        with started("--port", "0", "--json", *rewrites) as process:
            assert process.stdout is not None
            first = json.loads(process.stdout.readline())
            settings = first["environment"]
            delivered = publish(settings, "https://api.example.com/hook?secret=1")
            accepted, told = (json.loads(process.stdout.readline()) for _ in range(2))
            failed = publish(settings, "https://old.example/hook")
            _, told_of_failure = (json.loads(process.stdout.readline()) for _ in range(2))
        assert there.next().header("Host") == "api.example.com"
    assert (first["event"], first["url"]) == ("started", settings["QSTASH_URL"])
    assert set(settings) == {"QSTASH_URL", "QSTASH_TOKEN", "QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"}
    assert started_at <= first["at"] + 0.001 <= told["at"] + 0.001 <= time.time() + 0.001
    assert without(accepted, "at", "dueAt") == {
        "event": "accepted",
        "messageId": delivered,
        "method": "POST",
        "url": "https://api.example.com/hook",
        "callerIp": "127.0.0.1",
    }
    assert told["milliseconds"] > 0
    assert told_of_failure["nextAt"] > told_of_failure["at"]
    assert without(told, "at", "milliseconds") == {
        "event": "delivery",
        "status": 200,
        "messageId": delivered,
        "method": "POST",
        "url": "https://api.example.com/hook",
        "retried": 0,
        "maxRetries": 3,
    }
    assert without(told_of_failure, "at", "milliseconds", "nextAt") == {
        "event": "delivery",
        "status": 0,
        "messageId": failed,
        "method": "POST",
        "url": "https://old.example/hook",
        "retried": 0,
        "maxRetries": 3,
        "error": f"nobody listens on {nobody.removeprefix('http://')} (Connection refused); start your app there, or"
        " publish to its port",
    }


def without(told: dict[str, object], *names: str) -> dict[str, object]:
    return {name: value for name, value in told.items() if name not in names}


def test_what_is_no_pair_of_origins_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "--rewrite", "https://api.example.com"]) == 2
    assert "'https://api.example.com' is no pair of origins" in capsys.readouterr().err


def test_a_rewrite_to_no_origin_is_one_line_and_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dev", "--port", "0", "--rewrite", "https://api.example.com=http://127.0.0.1:8000/x"]) == 1
    assert capsys.readouterr() == (
        "",
        "qstash-integrations dev: --rewrite 'http://127.0.0.1:8000/x' is no origin; leave out what follows the host "
        "and the port\n",
    )


def is_waiting(process: subprocess.Popen[str]) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.system
@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_ctrl_c_during_a_command_is_exit_code_130(tmp_path: Path) -> None:
    pipe = tmp_path / "body"
    os.mkfifo(pipe)
    command = [sys.executable, "-m", "qstash_integrations", "sign", "--url", "https://a.example", "--body", f"@{pipe}"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        pipe.open("wb"),  # which waits until the command opens it
    ):
        # Just before it reads, Python would see the signal only once there is something to read.
        wait_until(lambda: is_waiting(process))
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=SOON) == ("", "")
    assert process.returncode == 130
