"""Every view as axe-core sees it, on a screen and on a phone, light and dark; and what axe does not look at."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from qstash_integrations.server.app import ServerConfig
from tests import npm
from tests.dashboard import axe
from tests.dashboard.desk import Desk, at_desk
from tests.programs import skip_without

pytestmark = [pytest.mark.system, skip_without(npm.lacks_npm())]

SIZES = {"a screen": {"width": 1280, "height": 800}, "a phone": {"width": 390, "height": 844}}
COLOURS = ("light", "dark")
VIEWS = ("messages", "dead-letters", "schedules", "queues", "groups", "workflows", "settings", "publish")
ANSWER = b'{"error": "database is locked"}'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("axe")
    npm.install(home, f"axe-core@{axe.VERSION}")
    return home


@pytest.mark.parametrize("colours", COLOURS)
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_axe_finds_nothing(browser: Browser, home: Path, size: dict[str, int], colours: str) -> None:
    look: dict[str, Any] = {"viewport": size, "color_scheme": colours}
    with at_desk(browser, **look) as desk:
        found = {view: looked_at(desk, home, view) for view in VIEWS}
        letter = stock(desk)
        found |= {f"{view}, stocked": looked_at(desk, home, view) for view in (*VIEWS, f"messages/{letter}")}
        desk.unfold()
        found["all that folds"] = axe.violations(desk.page, home)
        desk.page.keyboard.press("?")
        expect(desk.page.get_by_role("dialog")).to_be_visible()
        found["the help"] = axe.violations(desk.page, home)
    assert {view: rules for view, rules in found.items() if rules} == {}


def test_axe_finds_nothing_where_there_is_nothing(desk: Desk, home: Path) -> None:
    desk.page.set_viewport_size({"width": 390, "height": 844})
    for view in ("nowhere", "messages/msg_nothing", "workflows/wfr_nothing"):
        assert looked_at(desk, home, view) == [], view
    desk.page.context.set_offline(True)
    expect(desk.page.get_by_role("alert")).to_contain_text("No answer")
    assert axe.violations(desk.page, home) == []
    desk.complaints.clear()  # of what was not found, nor answered


def test_axe_finds_nothing_where_one_signs_in(browser: Browser, home: Path) -> None:
    everywhere = ServerConfig(host="0.0.0.0", port=0, patience=1.0)
    with at_desk(browser, everywhere) as desk:
        desk.open("messages")
        expect(desk.page.get_by_label("QSTASH_TOKEN")).to_be_visible()
        assert axe.violations(desk.page, home) == []
        desk.complaints.clear()  # of the 401


def looked_at(desk: Desk, home: Path, view: str) -> list[str]:
    desk.open(view)
    expect(desk.page.locator("#live")).to_have_attribute("data-state", "up")
    expect(desk.page.locator("main")).not_to_have_attribute("aria-busy", "true")
    assert sideways(desk.page.locator("html")) == 0, f"{view} scrolls sideways"
    return axe.violations(desk.page, home)


def sideways(element: Locator) -> int:
    """Pixels that do not fit."""
    pixels: int = element.evaluate("(one) => one.scrollWidth - one.clientWidth")
    return pixels


def stock(desk: Desk) -> str:
    """One of everything; the id of a message that failed for good."""
    desk.there.say(503, ANSWER, "Content-Type: application/json\r\n")
    failed = desk.publish("/hooks/ship?order=1", retries="0", Label="orders,eu", body=b'{"order": 1}')
    later = {
        "Upstash-Delay": "1h",
        "Upstash-Flow-Control-Key": "mail",
        "Upstash-Flow-Control-Value": "rate=1,period=60",
    }
    desk.call("POST", f"/v2/enqueue/mail/{desk.there.url}/{'long/' * 30}", headers=later, content=b"\xff\x00")
    desk.call("POST", "/v2/topics/everybody/endpoints", json={"endpoints": [{"url": desk.there.url, "name": "one"}]})
    desk.call("POST", f"/v2/schedules/{desk.there.url}", headers={"Upstash-Cron": "CRON_TZ=Europe/Berlin 0 7 * * *"})
    desk.open("dead-letters")
    expect(desk.page.locator("tbody tr")).to_have_count(1)
    return failed
