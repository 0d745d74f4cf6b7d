"""The wheel works bare and with each extra, each time in a fresh environment; the sdist runs its tests."""

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.release.check_build import PROJECT
from tests.release.conftest import ROOT, Built

EXTRAS = Path(__file__).parent / "extras"
# Those of all would take minutes; these look at data files, at frames of ours, and at every framework.
OF_SDIST = ("tests/core/test_receiver.py", "tests/core/test_settings.py", "tests/routes")
SETTINGS = {
    "QSTASH_TOKEN": "a-token",
    "QSTASH_CURRENT_SIGNING_KEY": "sig_TESTONLYcurrent000000000000A",
    "QSTASH_NEXT_SIGNING_KEY": "sig_TESTONLYnext00000000000000AA",
    "QSTASH_PUBLIC_URL": "https://testserver",
}


def run(*command: object, folder: Path, settings: dict[str, str] | None = None) -> None:
    kept = {name: value for name, value in os.environ.items() if "QSTASH" not in name and name != "VIRTUAL_ENV"}
    path = os.pathsep.join((str(folder / "venv" / "bin"), kept["PATH"]))
    ended = subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env={**kept, "PATH": path, **(settings or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr


def environment(folder: Path, *packages: object) -> Path:
    """The Python of a fresh environment with these packages."""
    uv = shutil.which("uv", path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
    python = folder / "venv" / "bin" / "python"
    run(uv, "venv", "--quiet", "--no-project", "--python", sys.executable, folder / "venv", folder=folder)
    run(uv, "pip", "install", "--quiet", "--python", python, *packages, folder=folder)
    return python


def test_the_bare_wheel_does_what_it_should(built: Built, tmp_path: Path) -> None:
    run(environment(tmp_path, built.wheel), "-I", ROOT / "tests" / "bare_wheel.py", folder=tmp_path)


@pytest.mark.parametrize("extra", PROJECT["optional-dependencies"])
def test_an_extra_brings_all_that_its_adapter_needs(built: Built, tmp_path: Path, extra: str) -> None:
    python = environment(tmp_path, f"qstash_integrations[{extra}] @ {built.wheel.as_uri()}")
    # Not as a file next to the others, which are called like the frameworks.
    program = (EXTRAS / f"{extra}.py").read_text(encoding="utf-8")
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    run(python, "-I", "-W", "error::DeprecationWarning:__main__", "program.py", folder=tmp_path, settings=SETTINGS)


def test_every_program_is_that_of_an_extra() -> None:
    assert {file.stem for file in EXTRAS.glob("*.py")} == set(PROJECT["optional-dependencies"])


def test_the_tests_run_from_the_unpacked_sdist(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as files:
        files.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("qstash_integrations-*")
    # The test client of the newest Starlette asks for httpx2, which the lowest versions cannot be installed beside.
    python = environment(tmp_path, f"{source}[all]", "httpx2>=2", "--group", f"{source / 'pyproject.toml'}:test")
    run(
        python,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--rootdir",
        source,
        *(source / name for name in OF_SDIST),
        folder=tmp_path,
    )
