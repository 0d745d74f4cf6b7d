"""A release is cut from the changelog by a script, which refuses what cannot be released and then changes nothing."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest

from tools.changelog import main

TODAY = date(2026, 12, 1)
ABOVE = "# Changelog\n\nWhat is notable.\n\n"
NEW = "### Added\n\n- A thing\n  of two lines.\n\n### Security\n\n- A hole less.\n"
BELOW = "\n## [0.2.0] - 2026-11-01\n\n### Fixed\n\n- A fault.\n\n## [0.1.0] - 2026-10-01\n\n### Added\n\n- All of it.\n"
METADATA = '[build-system]\nrequires = ["hatchling>=1.27"]\n\n[project]\nname = "shop"\nversion = "0.2.0"\n'


class Desk(NamedTuple):
    root: Path
    output: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        code = main([*arguments], self.root, TODAY)
        return code, *self.output.readouterr()

    def read(self) -> tuple[str, str]:
        return tuple(  # type: ignore[return-value]
            (self.root / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "pyproject.toml")
        )

    def write(self, changelog: str, metadata: str = METADATA) -> None:
        (self.root / "CHANGELOG.md").write_text(changelog, encoding="utf-8")
        (self.root / "pyproject.toml").write_text(metadata, encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    made = Desk(tmp_path, capsys)
    made.write(f"{ABOVE}## [Unreleased]\n\n{NEW}{BELOW}")
    return made


@pytest.mark.parametrize("version", ["0.2.1", "0.10.0", "1.0.0rc1", "0.3.0.post1"])
def test_a_cut_gives_what_is_unreleased_its_version(desk: Desk, version: str) -> None:
    assert desk.run("cut", version, "2026-12-01")[0] == 0
    assert desk.read() == (
        f"{ABOVE}## [Unreleased]\n\n## [{version}] - 2026-12-01\n\n{NEW}{BELOW}",
        METADATA.replace("0.2.0", version),
    )


def test_a_cut_prints_the_release_notes(desk: Desk) -> None:
    assert desk.run("cut", "0.3.0", "2026-12-01") == (0, NEW, "")


def test_the_notes_of_each_version_can_be_printed_again(desk: Desk) -> None:
    desk.run("cut", "0.3.0", "2026-12-01")
    assert desk.run("show", "0.3.0") == (0, NEW, "")
    assert desk.run("show", "0.2.0") == (0, "### Fixed\n\n- A fault.\n", "")
    assert desk.run("show", "0.1.0") == (0, "### Added\n\n- All of it.\n", "")


def test_the_first_release_may_have_the_version_that_is_written_already(desk: Desk) -> None:
    desk.write(f"{ABOVE}## [Unreleased]\n\n{NEW}")
    assert desk.run("cut", "0.2.0", "2026-12-01") == (0, NEW, "")
    assert desk.read()[1] == METADATA


REFUSED = {
    "a version that exists": (["0.2.0", "2026-12-01"], "0.2.0 was released already"),
    "an older one that exists": (["0.1.0", "2026-12-01"], "0.1.0 was released already"),
    "the same in another spelling": (["0.2", "2026-12-01"], "0.2 was released already"),
    "one that is not greater": (["0.1.9", "2026-12-01"], "0.1.9 is not greater than 0.2.0"),
    "a candidate of what is out": (["0.2.0rc1", "2026-12-01"], "0.2.0rc1 is not greater than 0.2.0"),
    "no version": (["new", "2026-12-01"], "'new' is no version of PEP 440"),
    "a tag": (["v0.3.0", "2026-12-01"], "write 0.3.0"),
    "another spelling": (["0.3.0-rc.1", "2026-12-01"], "write 0.3.0rc1"),
    "a local version": (["0.3.0+mine", "2026-12-01"], "write 0.3.0"),
    "yesterday": (["0.3.0", "2026-11-30"], "write 2026-12-01"),
    "tomorrow": (["0.3.0", "2026-12-02"], "write 2026-12-01"),
    "a date of another kind": (["0.3.0", "1.12.2026"], "write 2026-12-01"),
    "a date without dashes": (["0.3.0", "20261201"], "write 2026-12-01"),
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_released_changes_nothing(desk: Desk, arguments: list[str], said: str) -> None:
    before = desk.read()
    code, out, error = desk.run("cut", *arguments)
    assert (code, out) == (1, "")
    assert said in error
    assert desk.read() == before


EMPTY = {
    "nothing": ("", "Unreleased says nothing"),
    "a heading alone": ("### Added\n", "nothing below Added"),
    "one heading without a line": (f"{NEW}\n### Fixed\n", "nothing below Fixed"),
    "the first heading without a line": (f"### Fixed\n\n{NEW}", "nothing below Fixed"),
    "lines without a kind": ("- A thing.\n", "Unreleased says nothing"),
}


@pytest.mark.parametrize(("section", "said"), EMPTY.values(), ids=EMPTY)
def test_an_empty_section_is_not_released(desk: Desk, section: str, said: str) -> None:
    desk.write(f"{ABOVE}## [Unreleased]\n\n{section}{BELOW}")
    before = desk.read()
    code, out, error = desk.run("cut", "0.3.0", "2026-12-01")
    assert (code, out) == (1, "")
    assert said in error
    assert desk.read() == before


def test_a_changelog_without_unreleased_is_refused(desk: Desk) -> None:
    desk.write(f"{ABOVE}{BELOW}")
    code, _, error = desk.run("cut", "0.3.0", "2026-12-01")
    assert code == 1
    assert "has not one section '## [Unreleased]'" in error


def test_a_version_behind_that_of_the_package_is_refused(desk: Desk) -> None:
    desk.write(desk.read()[0], METADATA.replace("0.2.0", "0.4.0"))
    before = desk.read()
    code, _, error = desk.run("cut", "0.3.0", "2026-12-01")
    assert code == 1
    assert "pyproject.toml is at 0.4.0 already" in error
    assert desk.read() == before


@pytest.mark.parametrize("version", ["0.9.0", "Unreleased"])
def test_there_are_no_notes_of_what_was_not_cut(desk: Desk, version: str) -> None:
    code, out, error = desk.run("show", version)
    assert (code, out) == (1, "")
    assert "cut it first" in error


def test_the_changelog_of_this_project_can_be_cut(desk: Desk) -> None:
    ours = Path(__file__).parents[2]
    desk.write(*((ours / name).read_text(encoding="utf-8") for name in ("CHANGELOG.md", "pyproject.toml")))
    code, out, error = desk.run("cut", "999.0.0", "2026-12-01")
    assert (code, error) == (0, "")
    assert out.startswith("### ")
