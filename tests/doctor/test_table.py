"""The table of findings and its page say the same."""

from pathlib import Path

from qstash_integrations.doctor.table import RULES

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")


def test_each_finding_has_an_id_of_its_own() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_the_page_that_a_finding_names_is_there() -> None:
    anchors = {
        f"docs/doctor.md#{line.removeprefix('### ').lower()}" for line in PAGE.splitlines() if line[:4] == "### "
    }
    assert [rule.page for rule in RULES if rule.page not in anchors] == []


def test_each_finding_stands_on_the_page_with_its_remedy() -> None:
    missing = [rule.id for rule in RULES if f"### {rule.id}\n" not in PAGE or f"To do: {rule.remedy}." not in PAGE]
    assert missing == []
