"""Wheel and sdist, built once for all tests of them, as ``python -m build`` makes them from a clean clone."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
# 2026-11-29 08:00 UTC: nothing of the machine or of the day is to be in a build.
EPOCH = 1795939200


class Built(NamedTuple):
    wheel: Path
    sdist: Path


def clone(folder: Path, changed_at: int) -> Path:
    """What git has of the working tree, with times of its own; the clone of a distributor has others again."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in listed.decode().split("\0")[:-1]:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
            os.utime(folder / name, (changed_at, changed_at))
    return folder


def build(source: Path, target: Path) -> Built:
    ended = subprocess.run(
        [sys.executable, "-m", "build", "--installer", "uv", "--outdir", target, source],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(clone(tmp_path_factory.mktemp("clone"), EPOCH), tmp_path_factory.mktemp("dist"))
