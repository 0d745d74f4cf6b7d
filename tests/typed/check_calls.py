"""mypy and pyright, each in its strictest mode, find the wrong calls of ``calls.py`` and nothing else.

Run in the tox environment "types", which has both.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

CALLS = Path(__file__).parent / "calls.py"
WRONG = {number for number, line in enumerate(CALLS.read_text().splitlines(), 1) if line.endswith("# wrong")}


def output(*command: str) -> str:
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False).stdout


def test_mypy_finds_the_wrong_calls_alone(tmp_path: Path) -> None:
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\n")
    found = output("mypy", "--config-file", str(config), "--no-error-summary", str(CALLS))
    lines = {int(number) for number in re.findall(r"calls\.py:(\d+): error:", found)}
    assert lines == WRONG, found


def test_pyright_finds_the_wrong_calls_alone(tmp_path: Path) -> None:
    shutil.copy(CALLS, tmp_path)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}))
    found = output("pyright", "--pythonpath", sys.executable, "--project", str(tmp_path), "--outputjson")
    problems = json.loads(found)["generalDiagnostics"]
    lines = {problem["range"]["start"]["line"] + 1 for problem in problems if problem["severity"] == "error"}
    assert lines == WRONG, [problem for problem in problems if problem["range"]["start"]["line"] + 1 not in WRONG]
