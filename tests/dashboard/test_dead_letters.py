"""Dead letters: one line each, with why, and all of it a click away."""

import pytest
from playwright.sync_api import Browser, expect

from tests.dashboard.desk import Desk, at_desk

pytestmark = pytest.mark.system

NEW_YEAR = 4_102_444_800  # 2100, in UTC
REASONS = {
    "json": (b'{\n  "error": "database is locked"\n}', '{ "error": "database is locked" }'),
    "text": (b"\n\nTraceback:\n  File x.py\n", "Traceback:"),
    "binary": (b"\xff\xd8\xff", "binary answer"),
    "empty": (b"", "empty answer"),
    "long": (b"x" * 100_000, "x" * 200),
}


@pytest.mark.parametrize(("answer", "shown"), REASONS.values(), ids=REASONS)
def test_a_letter_is_one_line_that_says_why(desk: Desk, answer: bytes, shown: str) -> None:
    desk.there.say(500, answer)
    message_id = desk.publish("/ship", Retries="0", Label="orders")
    desk.there.next()
    desk.open("dead-letters")
    row = desk.row(message_id)
    expect(row.locator(".why")).to_have_text(shown)
    expect(row).to_contain_text("500")
    expect(row.locator("a.row")).to_have_text(f"{desk.there.url}/ship")
    assert row.evaluate("row => row.clientHeight") < 45


def test_a_letter_opens_to_all_that_there_is_of_it_and_back(desk: Desk) -> None:
    page = desk.page
    desk.there.say(500, b'{"error":"database is locked"}')
    message_id = desk.publish("/ship", Retries="0")
    desk.there.next()
    desk.open("dead-letters")
    desk.row(message_id).locator(".why").click()
    expect(page.get_by_label("Body of answer 1")).to_have_text('{\n  "error": "database is locked"\n}')
    expect(desk.button("Retry now")).to_be_visible()
    page.go_back()
    expect(desk.row(message_id).locator("a.row")).to_be_focused()
    desk.there.say(200)
    page.keyboard.press("d")
    expect(page.get_by_text("No dead letters.")).to_be_visible()


def test_choosing_a_letter_does_not_open_it(desk: Desk) -> None:
    desk.there.say(500)
    message_id = desk.publish("/ship", Retries="0")
    desk.there.next()
    desk.open("dead-letters")
    desk.row(message_id).locator(".choose").click(position={"x": 2, "y": 2})
    desk.row(message_id).get_by_role("checkbox").check()
    expect(desk.button("Retry 1")).to_be_visible()
    assert desk.page.url.endswith("#/dead-letters")


def test_times_say_their_year_and_zone(browser: Browser) -> None:
    with at_desk(browser, clock=lambda: NEW_YEAR - 86_400, timezone_id="Asia/Tokyo", locale="en-GB") as desk:
        message_id = desk.publish("/ship", Not_Before=str(NEW_YEAR))
        desk.open(f"messages/{message_id}")
        expect(desk.page.locator(".facts")).to_contain_text("1 Jan 2100, 09:00:00.000 GMT+9")
        expect(desk.page.locator(".zone")).to_have_text("Asia/Tokyo")
        expect(desk.page.locator(".timeline li").first).to_contain_text("until 1 Jan 2100, 09:00:00.000")
        expect(desk.page.locator(".timeline [title='2100-01-01T09:00:00.000+09:00']").first).to_be_visible()
