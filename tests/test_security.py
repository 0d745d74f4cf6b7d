"""SECURITY.md names a test for every attack; they exist."""

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
SECURITY = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", SECURITY)
# Tokens, requests, the local server (embedded), the dashboard.
ATTACKS = [
    f"{letter}{number}" for letter, last in (("R", 17), ("P", 11), ("E", 15), ("D", 9)) for number in range(1, last + 1)
]


@pytest.mark.parametrize(("file", "name"), sorted(set(NAMED)))
def test_a_test_that_is_named_is_there(file: str, name: str) -> None:
    assert f"def {name}(" in (TESTS / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("attack", ATTACKS)
def test_every_attack_has_a_row_and_its_test(attack: str) -> None:
    rows = [line for line in SECURITY.splitlines() if line.startswith(f"| {attack} |")]
    # Of timing there can be no test on a machine that others use.
    assert rows
    assert all("::test_" in row or attack == "R7" for row in rows)


def test_the_table_names_many() -> None:
    assert len(set(NAMED)) > 50
