"""Wheel and sdist hold what they should, and are the same bytes wherever they are built. For `tox -e package`."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest

from tests.release.conftest import EPOCH, ROOT, Built, build, clone

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]
CHECKS = {
    "twine": ["twine", "check", "--strict", "wheel", "sdist"],
    "check-wheel-contents": ["check_wheel_contents", "--config", str(ROOT / "pyproject.toml"), "wheel"],
    # There is no address yet at which the authors read mail: docs/releasing.md.
    "pyroma": ["pyroma", "--min", "10", "--skip-tests", "AuthorEmail", "sdist"],
}
IN_SDIST = {
    *("CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md"),
    *(".gitignore", "PKG-INFO", "mkdocs.yml", "pyproject.toml", "tox.ini"),
    *("benchmarks", "docs", "example_apps", "qstash_integrations", "tests", "tools"),
}
LARGE = {"tests/data/verification_cases.json"}


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as files:
        return message_from_bytes(files.read(f"qstash_integrations-{VERSION}.dist-info/METADATA"))


def sizes_of(sdist: Path) -> dict[str, int]:
    with tarfile.open(sdist) as files:
        return {file.name.partition("/")[2]: file.size for file in files if file.isfile()}


@pytest.mark.parametrize("command", CHECKS.values(), ids=CHECKS)
def test_those_who_check_packages_find_nothing(built: Built, command: list[str]) -> None:
    files = built._asdict()
    program = [sys.executable, "-m", *(str(files.get(word, word)) for word in command)]
    ended = subprocess.run(program, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_build_elsewhere_at_another_time_is_the_same_bit_for_bit(built: Built, tmp_path: Path) -> None:
    elsewhere = tmp_path / "a longer name of a directory, with blanks"
    again = build(clone(elsewhere, EPOCH - 86400), tmp_path / "dist")
    assert again.wheel.name == built.wheel.name
    assert again.sdist.name == built.sdist.name
    assert again.wheel.read_bytes() == built.wheel.read_bytes()
    assert again.sdist.read_bytes() == built.sdist.read_bytes()


def test_everything_has_the_time_of_the_release(built: Built) -> None:
    with tarfile.open(built.sdist) as files:
        assert {file.mtime for file in files} == {EPOCH}
    with zipfile.ZipFile(built.wheel) as files:
        assert {file.date_time for file in files.infolist()} == {(2026, 11, 29, 8, 0, 0)}


def test_the_sdist_has_what_a_distributor_needs_and_nothing_else(built: Built) -> None:
    sizes = sizes_of(built.sdist)
    assert {name.partition("/")[0] for name in sizes} == IN_SDIST
    assert {"tests/core/test_guard.py", "tests/data/localhost.pem", "tools/twice.py"} <= set(sizes)
    assert {name for name in sizes if re.search(r"\.(png|pyc|db|whl)$|(^|/)(\.env|\.ci|__pycache__)", name)} == set()
    assert {name for name, size in sizes.items() if size > 100_000} == LARGE
    assert built.sdist.stat().st_size < 2_000_000


def test_the_wheel_puts_down_one_package_with_its_types_and_examples(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as files:
        names = set(files.namelist())
    assert {name.partition("/")[0] for name in names} == {
        "qstash_integrations",
        f"qstash_integrations-{VERSION}.dist-info",
    }
    inside = ("py.typed", "_examples/flask_app.py", "server/tables/schema.sql", "_core/publishing/_sync/schedule.py")
    assert {f"qstash_integrations/{name}" for name in inside} <= names
    assert f"qstash_integrations-{VERSION}.dist-info/licenses/LICENSE" in names
    assert built.wheel.stat().st_size < 1_500_000


def test_the_metadata_says_what_the_project_says(built: Built) -> None:
    metadata = metadata_of(built.wheel)
    assert metadata["Version"] == VERSION
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Project-URL")
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])
    assert not [line for line in metadata.get_all("Classifier", []) if line.startswith("License ::")]
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])


def test_the_version_stands_in_one_place() -> None:
    literal = re.compile(rf"""(?<![\w.])["']{re.escape(VERSION)}["']""")
    sources = [*(ROOT / "qstash_integrations").rglob("*.py"), *(ROOT / "tools").rglob("*.py"), ROOT / "pyproject.toml"]
    found = [file.name for file in sources if literal.search(file.read_text(encoding="utf-8"))]
    assert found == ["pyproject.toml"]
