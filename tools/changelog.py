"""Cuts a release in ``CHANGELOG.md`` and writes its version into ``pyproject.toml``, the one place that has it.

python tools/changelog.py cut 0.2.0 2026-12-01   # "Unreleased" becomes 0.2.0, and is printed as the release notes
python tools/changelog.py show 0.2.0             # prints the section of a version that was cut

What cannot be released changes no file, and exits with 1.
"""

import argparse
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from packaging.version import InvalidVersion, Version

ROOT = Path(__file__).parent.parent
UNRELEASED = "## [Unreleased]\n"
_HEADING = re.compile(r"^## \[(\S+)\].*\n", re.MULTILINE)
_KIND = re.compile(r"^### (.+)\n", re.MULTILINE)
_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)


class Refused(Exception):
    """The fact, then the remedy."""


def main(arguments: list[str] | None = None, root: Path = ROOT, today: date | None = None) -> int:
    parser = argparse.ArgumentParser(description="Cut a release in CHANGELOG.md, or print the notes of one.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("cut", "show"):
        verbs.add_parser(verb).add_argument("version", help="such as 0.2.0 or 1.0.0rc1 (PEP 440)")
    verbs.choices["cut"].add_argument("date", help="today's in UTC, such as 2026-12-01")
    given = parser.parse_args(arguments)
    changelog, project = root / "CHANGELOG.md", root / "pyproject.toml"
    text = changelog.read_text(encoding="utf-8")
    try:
        if given.verb == "cut":
            metadata = project.read_text(encoding="utf-8")
            text = cut(text, given.version, given.date, today or datetime.now(UTC).date())
            metadata = with_version(metadata, given.version)
            changelog.write_text(text, encoding="utf-8")
            project.write_text(metadata, encoding="utf-8")
        said = notes(text, given.version)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(said)
    return 0


def cut(text: str, version: str, day: str, today: date) -> str:
    """The changelog with what is unreleased below the heading of ``version``, and nothing unreleased."""
    released = [known for known in _HEADING.findall(text) if known != "Unreleased"]
    _must_be_new(version, released)
    if day != today.isoformat():
        raise Refused(f"{day!r} is not today: write {today.isoformat()}, the day in UTC on which it is released")
    if text.count(UNRELEASED) != 1:
        raise Refused(f"CHANGELOG.md has not one section {UNRELEASED.strip()!r}; write it above the latest version")
    _must_say_something("Unreleased", _section(text, "Unreleased"))
    return text.replace(UNRELEASED, f"{UNRELEASED}\n## [{version}] - {day}\n")


def notes(text: str, version: str) -> str:
    """What the section of ``version`` says, without its heading."""
    if version == "Unreleased" or version not in _HEADING.findall(text):
        raise Refused(f"CHANGELOG.md has no section {version!r}; cut it first")
    section = _section(text, version)
    _must_say_something(version, section)
    return section.strip()


def with_version(metadata: str, version: str) -> str:
    """``pyproject.toml`` with ``version``, which is not behind the one that it has."""
    found = _VERSION.findall(metadata)
    if len(found) != 1:
        raise Refused(f"pyproject.toml has {len(found)} lines 'version = ...'; one is needed")
    if Version(version) < Version(found[0]):
        raise Refused(f"pyproject.toml is at {found[0]} already; {version} is behind it")
    return _VERSION.sub(f'version = "{version}"', metadata)


def _must_be_new(version: str, released: list[str]) -> None:
    try:
        parsed = Version(version)
    except InvalidVersion:
        raise Refused(f"{version!r} is no version of PEP 440; write one such as 0.2.0 or 1.0.0rc1") from None
    if str(parsed) != version or parsed.local:
        raise Refused(f"{version!r} is not how an index writes it; write {parsed.public}")
    if parsed in map(Version, released):
        raise Refused(f"{version} was released already; an index takes no version twice, so choose the next")
    latest = max(map(Version, released), default=None)
    if latest and parsed < latest:
        raise Refused(f"{version} is not greater than {latest}, the latest release; choose a greater one")


def _section(text: str, name: str) -> str:
    headings = [*_HEADING.finditer(text)]
    (start,) = [at for at, heading in enumerate(headings) if heading[1] == name]
    end = headings[start + 1].start() if start + 1 < len(headings) else len(text)
    return text[headings[start].end() : end]


def _must_say_something(name: str, section: str) -> None:
    kinds = [*_KIND.finditer(section)]
    if not kinds:
        raise Refused(f"{name} says nothing; write what has changed below '### Added', '### Changed', '### Fixed' ...")
    ends = [*(kind.start() for kind in kinds[1:]), len(section)]
    empty = [kind[1] for kind, end in zip(kinds, ends, strict=True) if "\n- " not in f"\n{section[kind.end() : end]}"]
    if empty:
        raise Refused(f"{name} has nothing below {', '.join(empty)}; write it, or leave the heading out")


if __name__ == "__main__":
    sys.exit(main())
