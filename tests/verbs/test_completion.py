"""Shells are told how a line goes on, by their own means."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINES = {
    "a command": ("qstash-integrations que", ["queues"]),
    "a command of a group": ("qstash-integrations dlq ", ["delete", "list", "retry", "show"]),
    "an option": ("qstash-integrations queues list --", ["--app", "--help", "--json"]),
    "a value": ("qstash-integrations dev --quota p", ["payg", "pro"]),
}


@pytest.mark.system
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(("line", "offered"), LINES.values(), ids=LINES)
def test_bash_completes(line: str, offered: list[str]) -> None:
    words = line.split(" ")
    script = (
        'eval "$(_QSTASH_INTEGRATIONS_COMPLETE=bash_source qstash-integrations)"\n'
        f"COMP_WORDS=({' '.join(words)} {'' if words[-1] else chr(39) * 2}) COMP_CWORD={len(words) - 1}\n"
        "_qstash_integrations_completion qstash-integrations\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ended = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, timeout=60
    )
    assert sorted(ended.stdout.split()) == offered, ended.stderr


@pytest.mark.system
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_source(shell: str) -> None:
    program = [sys.executable, "-m", "qstash_integrations"]
    environment = {**os.environ, "_QSTASH_INTEGRATIONS_COMPLETE": f"{shell}_source"}
    ended = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"_QSTASH_INTEGRATIONS_COMPLETE={shell}_complete" in ended.stdout
