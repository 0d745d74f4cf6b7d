"""SECURITY.md names a test for every attack; they exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
SECURITY = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", SECURITY)
# Tokens, requests, calls, the local server (embedded), the dashboard, the inbox, the outbox.
LAST = {"R": 17, "P": 11, "C": 6, "E": 15, "D": 9, "I": 9, "O": 6}
ATTACKS = [f"{letter}{number}" for letter, last in LAST.items() for number in range(1, last + 1)]
# Of timing there can be no test on a machine that others use, and destinations are the app's to choose.
UNTESTED = {"R7", "C6"}
FOUND_BY_A_REVIEW = [f"S{number:02}" for number in range(1, 17)]


def test_every_test_that_is_named_is_there() -> None:
    texts = {file: (TESTS / file).read_text(encoding="utf-8") for file, _ in NAMED}
    assert [f"{file}::{name}" for file, name in NAMED if f"def {name}(" not in texts[file]] == []


def test_every_attack_has_a_row_and_its_test() -> None:
    rows = {attack: [line for line in SECURITY.splitlines() if line.startswith(f"| {attack} |")] for attack in ATTACKS}
    assert [attack for attack, lines in rows.items() if not lines] == []
    untested = {attack for attack, lines in rows.items() for line in lines if "::test_" not in line}
    assert untested == UNTESTED


def test_every_fault_of_the_review_is_answered_by_a_test_of_its_number() -> None:
    numbers = {number for _, name in NAMED for number in re.findall(r"S\d\d", name)}
    assert [fault for fault in FOUND_BY_A_REVIEW if fault not in numbers] == []


def test_the_table_names_many() -> None:
    assert len(set(NAMED)) > 50
