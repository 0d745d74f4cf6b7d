"""Every Python block of the README and of each page runs; every command and every setting that one names exists."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.core.management import load_command_class

from qstash_integrations.verbs.group import MODULES
from tests.readme import README, ROOT, blocks, commands, read_ours
from tests.signing import CURRENT, NEXT, ORIGIN
from tests.site.pages import IDS, PAGES

SETTINGS = {
    "QSTASH_TOKEN": "a-token",
    "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
    "QSTASH_NEXT_SIGNING_KEY": NEXT,
    "QSTASH_PUBLIC_URL": ORIGIN,
    "PYTHONPATH": str(ROOT),
}
SOURCES = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "qstash_integrations").rglob("*.py"))
ALL = {"README.md": README, **dict(zip(IDS, PAGES, strict=True))}
each_page = pytest.mark.parametrize("page", ALL.values(), ids=ALL)
with_python = [
    pytest.param(
        page,
        id=name,
        # Which is installed there alone.
        marks=[pytest.mark.system] if "functions_framework" in page.read_text(encoding="utf-8") else [],
    )
    for name, page in ALL.items()
    if any(block.language == "python" for block in blocks(page))
]
THEIRS = {
    *(
        "cd",
        "celery",
        "cloudflared",
        "curl",
        "docker",
        "export",
        "flask",
        "gunicorn",
        "ngrok",
        "pip",
        "pytest",
        "python",
    ),
    *("tox", "uvicorn"),
}
OURS = re.compile(rf"qstash-integrations (?:{'|'.join(MODULES)})\b[^\n#'\"\]&;|]*")
VERBS = {
    "qstash_inbox": "qstash_integrations.django.inbox",
    "qstash_tasks": "qstash_integrations.django.tasks",
}


@pytest.mark.parametrize("page", with_python)
def test_the_python_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.site.page", page, tmp_path],
        env={**os.environ, **SETTINGS},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr


@each_page
def test_every_block_is_of_a_kind_that_something_looks_at(page: Path) -> None:
    fences = re.findall(r"^ *```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(fences[::2]) <= {"python", "console", "yaml", "text"}
    assert set(fences[1::2]) <= {""}
    assert len(blocks(page)) == len(fences) // 2


@each_page
def test_every_command_of_a_page_exists(page: Path) -> None:
    for line in commands(page=page):
        program, *arguments = shlex.split(line, comments=True)
        assert program in {*THEIRS, "qstash-integrations"}
        if program == "qstash-integrations":
            read_ours(line)
        elif "qstash" in arguments and (program == "flask" or arguments[0] == "manage.py"):
            verb = arguments[arguments.index("qstash") + 1 :]
            read_ours(shlex.join(["qstash-integrations", *verb]))
        elif arguments[:1] == ["manage.py"] and arguments[1].startswith("qstash"):
            parser = load_command_class(VERBS[arguments[1]], arguments[1]).create_parser("manage.py", arguments[1])
            assert parser.parse_args(arguments[2:])


@each_page
def test_yaml_is_yaml_and_what_it_runs_of_ours_exists(page: Path) -> None:
    for block in blocks(page):
        if block.language == "yaml":
            assert yaml.safe_load(block.code)
        if block.language in ("yaml", "text"):
            for line in OURS.findall(block.code):
                read_ours(line)


@each_page
def test_every_setting_that_a_page_names_is_one(page: Path) -> None:
    named = set(re.findall(r"\bQSTASH_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8"))) - {
        "QSTASH_DEV"
    }  # of JavaScript
    parts = set(re.findall(r"\bQSTASH_([A-Z_]*[A-Z])\b", SOURCES))
    assert {
        name for name in named if name.removeprefix("QSTASH_") not in parts and f'"{name[7:]}"' not in SOURCES
    } == set()


@each_page
def test_a_page_begins_with_its_only_title(page: Path) -> None:
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert [line[:2] for line in text.splitlines() if line.startswith("# ")] == ["# "]
    assert text.startswith("# ")
