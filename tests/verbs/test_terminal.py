"""On a terminal: tables that fit it, progress that goes away, and a log that goes on until Ctrl+C."""

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress

import pytest

from qstash_integrations import QStash
from qstash_integrations.server.app import ServerConfig, environment, running
from qstash_integrations.verbs.progress import Progress

LONG = "https://api.example.com/hooks/" + "ship/" * 12
PROGRAM = [sys.executable, "-m", "qstash_integrations"]


@pytest.fixture
def settings() -> Generator[dict[str, str]]:
    """Those of a local QStash, whose queue is paused: nothing is delivered."""
    with running(ServerConfig(port=0)) as server:
        found = environment(server)
        with QStash(found["QSTASH_TOKEN"], base_url=found["QSTASH_URL"]) as client:
            client.queue.upsert("orders", paused=True)
            client.enqueue(queue="orders", url=LONG)
        yield {**os.environ, **found}


def on_a_terminal(typed: str, settings: dict[str, str], columns: int) -> list[str]:
    ours, terminal = pty.openpty()
    environ = {**settings, "COLUMNS": str(columns), "TERM": "xterm"}
    ended = subprocess.run([*PROGRAM, *typed.split()], env=environ, stdout=terminal, stderr=subprocess.PIPE, timeout=60)
    os.close(terminal)
    shown = b""
    with suppress(OSError):  # which is how the end looks from this side
        while part := os.read(ours, 10_000):
            shown += part
    os.close(ours)
    assert (ended.returncode, ended.stderr) == (0, b"")
    return re.sub(r"\x1b\[[0-9;]*m", "", shown.decode()).replace("\r\n", "\n").splitlines()


@pytest.mark.system
@pytest.mark.parametrize("columns", [80, 120])
def test_a_table_fits_the_terminal_and_nothing_of_it_is_left_out(settings: dict[str, str], columns: int) -> None:
    head, line, first, *more = (text for text in on_a_terminal("logs", settings, columns) if text.strip())
    assert max(map(len, (head, line, first, *more))) <= columns
    assert set(line.strip()) == {"─"}
    # What nothing has, the status and the error, takes no place; what is short stays in one piece.
    assert head.split() == ["time", "state", "message", "url"]
    time, state, *_ = first.split()
    assert (len(time), state) == (20, "CREATED")
    left = head.index("url")
    assert "".join(text[left:].strip() for text in (first, *more)) == LONG


@pytest.mark.system
def test_a_log_is_followed_until_ctrl_c(settings: dict[str, str]) -> None:
    command = [*PROGRAM, "logs", "--follow", "--interval", "0.1", "--json"]
    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["state"] == "CREATED"
        with QStash(settings["QSTASH_TOKEN"], base_url=settings["QSTASH_URL"]) as client:
            published = client.enqueue(queue="orders", url=LONG)
        assert json.loads(process.stdout.readline())["message_id"] == published.message_id
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == 130


PLAIN = """
import io, sys
sys.modules["rich"] = None
from qstash_integrations.verbs.progress import Progress

at, terminal = [0.0], io.StringIO()
with Progress(terminal, "messages", {total}, clock=lambda: at[0]) as progress:
    for done in (300, 450, 600):
        progress.draw(done, f"{{done}} messages")
        at[0] += {step}
sys.stdout.write(ascii(terminal.getvalue()))
"""
DRAWN = {
    "of a total": (
        600,
        1.0,
        ["[###############...............]  50%  300 messages", "[##############################] 100%  600 messages"],
    ),
    "of an unknown total": (None, 1.0, ["300 messages", "450 messages", "600 messages"]),
    "too fast to be read": (None, 0.01, ["300 messages"]),
}


@pytest.mark.system
@pytest.mark.parametrize(("total", "step", "lines"), DRAWN.values(), ids=DRAWN)
def test_without_rich_progress_is_a_line(total: int | None, step: float, lines: list[str]) -> None:
    program = PLAIN.format(total=total, step=step)
    shown = subprocess.check_output([sys.executable, "-c", program], text=True)
    drawn = shown.strip("'").split("\\r")[1:]
    assert [line for line in lines if line in drawn] == lines
    # Nothing of it is left in the end.
    assert drawn[-2:] == [" " * len(drawn[-3]), ""]


def test_a_file_is_no_place_for_progress() -> None:
    terminal = io.StringIO()
    with Progress(terminal, "messages", 10) as progress:
        progress.draw(5, "5 messages")
    assert "\x1b[?25l" not in terminal.getvalue()
