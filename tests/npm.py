"""Packages from npm, for tests that drive them."""

import shutil
import subprocess
from pathlib import Path


def install(home: Path, *packages: str) -> None:
    """The packages, each with its version, into ``home/node_modules``. No script of theirs runs."""
    (home / "package.json").write_text('{"private": true}')
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *packages]
    installed = subprocess.run(command, cwd=home, capture_output=True, text=True, timeout=100, check=False)
    assert installed.returncode == 0, installed.stderr


def lacks_npm() -> str:
    """What is missing to run packages; empty where nothing is."""
    absent = [program for program in ("node", "npm") if shutil.which(program) is None]
    return f"{' and '.join(absent)} not on this machine" if absent else ""
