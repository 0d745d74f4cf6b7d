"""A browser for tests, which ask for it where Playwright is installed."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.programs import lacking

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def program() -> str | None:
    """The one without windows, where it is installed: it takes less than half of the other's time."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    # For a module only: while it runs, this thread has an event loop, and other tests start their own.
    from playwright.sync_api import expect, sync_playwright

    # A busy machine takes its time; what is right comes sooner.
    expect.set_options(timeout=30_000)
    executable = program()
    if executable is None:
        lacking("there is no Chromium on PATH; on Debian: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        # Root, as in CI, has no sandbox.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
