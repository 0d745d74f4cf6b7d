"""What a command does not need it does not import: each starts as fast as it can."""

import subprocess
import sys

import pytest

SLOW = {"httpcore", "httpx", "jwt", "pydantic", "rich", "sqlalchemy", "starlette", "uvicorn"}


@pytest.mark.system
@pytest.mark.parametrize("typed", ["--help", "--version", "dev --help", "keys --help"])
def test_a_help_needs_nothing_slow(typed: str) -> None:
    program = (
        "import sys\n"
        "from qstash_integrations.cli import main\n"
        f"code = main({typed.split()})\n"
        f"print(sorted({SLOW} & set(sys.modules)), code, file=sys.stderr)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stderr == "[] 0\n"
