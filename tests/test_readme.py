"""The README is short, leads to pages that there are, and its tests pass beside its app.

Its blocks run, and its app is called, in tests/site, with those of the pages.
"""

import re

import pytest

from tests.readme import README, blocks
from tests.site.pages import ROOT, anchors

pytest_plugins = ["pytester"]
TEXT = README.read_text(encoding="utf-8")
LONGEST = 250  # lines


def test_it_is_read_in_a_few_minutes() -> None:
    assert len(TEXT.splitlines()) <= LONGEST


def test_it_leads_to_files_and_sections_that_there_are() -> None:
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", TEXT) if "://" not in target]
    assert len(targets) > 30
    for target in targets:
        name, _, anchor = target.partition("#")
        assert (ROOT / name).is_file(), target
        assert not anchor or anchor in anchors(ROOT / name), target


def test_its_pictures_are_there() -> None:
    assert all(name.endswith(".png") for name in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", TEXT))


@pytest.mark.system
def test_its_tests_pass_beside_its_app(pytester: pytest.Pytester) -> None:
    (app,) = (block.code for block in blocks() if block.file == "app.py")
    (tests,) = (block.code for block in blocks() if block.heading == "Testing" and block.language == "python")
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    pytester.makepyfile(app=app, test_app=tests)
    plugins = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:django")
    result = pytester.runpytest_subprocess(*plugins, timeout=60)
    assert result.ret == 0
    assert result.parseoutcomes() == {"passed": 2}
