"""Workflow runs in the dashboard, of an app with the official SDK: the list, a run with its steps, what can be done."""

from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.dashboard.desk import Desk
from tests.server.test_workflow_python import environment, start
from tests.server.workflow_apps import App, fastapi

pytestmark = pytest.mark.system

Steps = Generator[Any, Any, None]


def shipping(context: Any) -> Steps:
    yield context.run("reserve", lambda: {"order": context.request_payload["order"]})
    yield context.run("charge", lambda: "paid")


def failing(context: Any) -> Steps:
    yield context.run("reserve", lambda: "reserved")
    yield context.run("charge", lambda: {}["card"])


def sleeping(context: Any) -> Steps:
    yield context.run("reserve", lambda: "reserved")
    yield context.sleep("a while", "1h")


def test_a_run_is_found_and_shown_with_its_steps(desk: Desk) -> None:
    with fastapi(App(shipping, env=environment(desk.server.url))) as app:
        start(desk.server, app, "/shipping", {"order": 7})
        desk.open("workflows")
        row = desk.page.locator("tbody tr")
        expect(row).to_contain_text("Succeeded")
        expect(row).to_contain_text(f"{app.url}/shipping")
        desk.page.keyboard.press("j")
        desk.page.keyboard.press("Enter")
        main = desk.page.get_by_role("main")
        expect(main.locator("h1")).to_contain_text("Succeeded")
        desk.unfold()
        for text in ("init", "reserve", "charge", '"order": 7', "paid"):
            expect(main).to_contain_text(text)
        main.get_by_role("link", name="Its message").first.click()
        expect(main.locator("h1.url")).to_contain_text("/shipping")
        expect(main).to_contain_text("Workflow run")
        main.locator("dd a[href*=wfr_]").click()
        expect(main).to_contain_text("reserve")


def test_a_failed_run_says_why_and_goes_on_as_another(desk: Desk) -> None:
    with fastapi(App(failing, env=environment(desk.server.url))) as app:
        start(desk.server, app, "/failing", {})
        desk.open("workflows?state=RUN_FAILED")
        desk.page.locator("tbody a.row").click()
        main = desk.page.get_by_role("main")
        expect(main).to_contain_text("KeyError")
        first = desk.page.url
        desk.button("Resume").click()
        expect(desk.told("Goes on as a new run")).to_be_visible()
        expect(main).to_contain_text("reserve")
        assert desk.page.url != first


def test_a_run_is_cancelled(desk: Desk) -> None:
    with fastapi(App(sleeping, env=environment(desk.server.url))) as app:
        start(desk.server, app, "/sleeping")
        desk.open("workflows")
        desk.page.locator("tbody a.row").click()
        main = desk.page.get_by_role("main")
        expect(main).to_contain_text("for 1h")
        desk.button("Cancel").click()
        desk.confirm("Cancel run")
        expect(main.locator("h1")).to_contain_text("Canceled")


def test_a_run_that_is_not_there_is_told_so(desk: Desk) -> None:
    desk.open("workflows/wfr_nothing")
    expect(desk.page.get_by_role("main")).to_contain_text("No run of this id is kept")
