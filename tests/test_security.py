"""docs/attacks.md names a test for every attack; they exist. The policy, SECURITY.md, leads there."""

import re
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
ATTACKS_PAGE = (ROOT / "docs" / "attacks.md").read_text(encoding="utf-8")
PROMISES_PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
POLICY = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`([\w/]+\.py)::(test_\w+)`", ATTACKS_PAGE + PROMISES_PAGE)
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
    rows = {
        attack: [line for line in ATTACKS_PAGE.splitlines() if line.startswith(f"| {attack} |")] for attack in ATTACKS
    }
    assert [attack for attack, lines in rows.items() if not lines] == []
    untested = {attack for attack, lines in rows.items() for line in lines if "::test_" not in line}
    assert untested == UNTESTED


def test_every_fault_of_the_review_is_answered_by_a_test_of_its_number() -> None:
    numbers = {number for _, name in NAMED for number in re.findall(r"S\d\d", name)}
    assert [fault for fault in FOUND_BY_A_REVIEW if fault not in numbers] == []


def test_the_table_names_many() -> None:
    assert len(set(NAMED)) > 50


def test_the_attacks_that_a_promise_names_have_rows() -> None:
    named = set(re.findall(r"\b([RPCEDIO]\d{1,2})\b", PROMISES_PAGE))
    assert len(named) > 10
    assert named - {*ATTACKS} == set()


def test_the_policy_is_one_page_with_all_that_a_reporter_asks() -> None:
    assert len(POLICY.splitlines()) <= 60
    headings = re.findall(r"^## (.+)$", POLICY, re.MULTILINE)
    assert headings == ["Supported versions", "How to report a vulnerability", "What to expect", "What is promised"]


def test_the_policy_leads_to_pages_that_are_there() -> None:
    links = re.findall(r"\]\((\S+?)\)", POLICY)
    assert links == ["docs/security.md", "docs/attacks.md"]
    assert all((ROOT / link).is_file() for link in links)
