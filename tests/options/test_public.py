"""Where the options are documented, and where their types are."""

from pathlib import Path

import pytest

from qstash_integrations import QStash, options
from qstash_integrations._core.publishing.options import OPTIONS
from tests.options.fictitious import TABLE
from tools.options import with_table

PAGE = (Path(__file__).parent.parent.parent / "docs" / "options.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_table_says() -> None:
    assert with_table(PAGE) == PAGE


def test_the_page_names_the_headers_of_every_option() -> None:
    lines = {line.split("`")[1]: line for line in PAGE.splitlines() if line.startswith("| `")}
    headers = [(name, header) for name, option in OPTIONS.items() for header in option.headers]
    assert [(name, header) for name, header in headers if f"`{header}" not in lines[name]] == []


def test_a_new_row_is_a_line_of_the_page() -> None:
    (line,) = set(with_table(PAGE, TABLE.values()).splitlines()) - set(PAGE.splitlines())
    of, limits = "messages, schedules", "locally at most 9"
    assert line == f"| `priority` | `Upstash-Priority` | a whole number | `7` | {limits} | {of} | `priority` |"


def test_the_types_of_options_are_public() -> None:
    assert sorted(options.__all__) == options.__all__
    assert set(options.MessageOptions.__annotations__) - {"body"} == {
        name for name, option in OPTIONS.items() if "message" in option.of and name != "queue"
    }


@pytest.mark.parametrize("verb", ["publish", "publish_json"])
def test_help_leads_to_them(verb: str) -> None:
    assert "``qstash_integrations.options." in getattr(QStash, verb).__doc__
