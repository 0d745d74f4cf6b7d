"""What a test of the dashboard works with. No test ends with the browser having refused anything.

An environment without Playwright has none of these tests; it is installed where the system tests run.
"""

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.dashboard.desk import Desk

collect_ignore_glob = [] if importlib.util.find_spec("playwright") else ["test_*.py"]


@pytest.fixture
def desk(browser: "Browser") -> "Iterator[Desk]":
    from tests.dashboard.desk import at_desk

    with at_desk(browser) as desk:
        yield desk
