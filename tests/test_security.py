"""SECURITY.md names a test for every attack; they exist."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
SECURITY = (TESTS.parent / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", SECURITY)
# Tokens, requests, the local server (embedded), the dashboard.
ATTACKS = [
    f"{letter}{number}" for letter, last in (("R", 17), ("P", 11), ("E", 15), ("D", 9)) for number in range(1, last + 1)
]


def test_every_test_that_is_named_is_there() -> None:
    texts = {file: (TESTS / file).read_text(encoding="utf-8") for file, _ in NAMED}
    assert [f"{file}::{name}" for file, name in NAMED if f"def {name}(" not in texts[file]] == []


def test_every_attack_has_a_row_and_its_test() -> None:
    rows = {attack: [line for line in SECURITY.splitlines() if line.startswith(f"| {attack} |")] for attack in ATTACKS}
    assert [attack for attack, lines in rows.items() if not lines] == []
    # Of timing there can be no test on a machine that others use.
    assert [line for attack, lines in rows.items() if attack != "R7" for line in lines if "::test_" not in line] == []


def test_the_table_names_many() -> None:
    assert len(set(NAMED)) > 50
