"""Without the extra ``tasks`` the verbs are there, and say what they need."""

import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT_PYDANTIC = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pydantic":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.argv = ["x", *sys.argv[1:]]
"""
NEEDS = "qstash_integrations.tasks needs pydantic; install it with: pip install 'qstash_integrations[tasks]'"
COMMANDS = {
    "qstash-integrations": (
        "from qstash_integrations.cli import main\nsys.exit(main(sys.argv[1:]))",
        ["schedules", "check", "--app", "shop"],
        f"qstash-integrations schedules check: {NEEDS}",
    ),
    "flask": (
        "from flask.cli import ScriptInfo\nfrom shop import app\n"
        "app.cli.main(sys.argv[1:], prog_name='flask', obj=ScriptInfo(create_app=lambda: app))",
        ["qstash", "schedules", "check"],
        f"flask qstash schedules check: {NEEDS}",
    ),
}


@pytest.mark.system
@pytest.mark.parametrize(("program", "arguments", "told"), COMMANDS.values(), ids=COMMANDS)
def test_the_extra_is_named(tmp_path: Path, program: str, arguments: list[str], told: str) -> None:
    (tmp_path / "shop.py").write_text(
        "from flask import Flask\nfrom qstash_integrations.flask import QStash\napp = Flask(__name__)\nQStash(app)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYDANTIC + program, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr.splitlines()[-1]) == (1, "", told)


@pytest.mark.system
def test_the_other_commands_need_none_of_it() -> None:
    program = "from qstash_integrations.cli import main\nsys.exit(main(sys.argv[1:]))"
    of_outboxes = ["outbox", "stats", "--outbox", "tests.outbox.shop:outbox"]
    for arguments in (["--version"], ["schedules", "plan", "--help"], of_outboxes):
        ended = subprocess.run(
            [sys.executable, "-c", WITHOUT_PYDANTIC + program, *arguments],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
