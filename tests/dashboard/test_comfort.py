"""By keyboard, on a phone, in the dark, and without losing one's place."""

import pytest
from playwright.sync_api import Browser, expect

from qstash_integrations.server.app import running
from tests.dashboard.desk import Desk, at_desk, opened
from tests.dashboard.receiver import receiver
from tests.server.client import client

pytestmark = pytest.mark.system

VIEWS = ("messages", "dead-letters", "schedules", "queues", "groups", "workflows", "settings", "publish")


def test_it_is_used_by_keyboard_alone(desk: Desk) -> None:
    page = desk.page
    desk.publish("/one", Label="first")
    desk.publish("/two", Label="second")
    desk.open("messages")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.keyboard.press("/")
    page.keyboard.type("second")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1.url")).to_contain_text("/two")
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page.get_by_role("heading", name="Schedules")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts").locator("kbd")).to_have_text(
        ["/", "j  k", "Enter", "d", "n", "g m", "?", "Esc"], use_inner_text=False
    )
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("n")
    expect(page.get_by_label("Destination")).to_be_visible()


def test_who_goes_on_while_typing_is_not_brought_back(desk: Desk) -> None:
    message_id = desk.publish("/one")
    desk.open("messages")
    expect(desk.row(message_id)).to_be_visible()
    # The address is to change for what was typed when it has changed for the message, and before the page knows.
    desk.page.evaluate(
        """(message) => {
        const field = document.querySelector("[data-search]");
        field.value = "one";
        field.dispatchEvent(new Event("input"));
        const until = performance.now() + 100;
        while (performance.now() < until);
        location.hash = `#/messages/${message}`;
    }""",
        message_id,
    )
    expect(desk.page.locator("h1.url")).to_contain_text("/one")
    assert desk.page.url.endswith(f"#/messages/{message_id}")


def test_a_task_is_shown_by_its_name(desk: Desk) -> None:
    called = "/qstash/tasks/shop.tasks.ship?id=0a1b2c&at=1770000000000&of=0"
    message_id = desk.publish(called)
    desk.open("messages")
    row = desk.row(message_id)
    expect(row.locator("td.url .line").first).to_have_text("taskshop.tasks.ship")
    row.get_by_role("link").first.click()
    expect(desk.page.locator("h1.url")).to_contain_text("shop.tasks.ship")
    expect(desk.page.locator("dl.facts")).to_contain_text(f"{desk.there.url}{called}")


def test_filters_stand_in_the_address(desk: Desk) -> None:
    page = desk.page
    desk.publish("/one", Label="first")
    desk.publish("/two", Label="second", Delay="1h")
    desk.open("messages")
    page.get_by_label("State", exact=True).select_option("waiting")
    page.get_by_label("Label").fill("second")
    page.wait_for_url("**/#/messages?state=waiting&label=second")
    page.reload()
    expect(page.get_by_label("Label")).to_have_value("second")
    expect(page.get_by_label("State", exact=True)).to_have_value("waiting")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Label").fill("first")
    expect(page.get_by_text("No message is like that.")).to_be_visible()


def test_the_list_is_live(desk: Desk) -> None:
    desk.open("messages")
    expect(desk.page.get_by_text("No messages yet.")).to_be_visible()
    message_id = desk.publish("/one")
    expect(desk.row(message_id)).to_contain_text("Delivered")
    expect(desk.page.locator(".chart svg")).to_have_attribute(
        "aria-label", "1 delivered, 0 to be retried, 0 failed for good"
    )


def test_a_body_is_downloaded_whole(desk: Desk) -> None:
    body = b"0123456789" * 10_000
    message_id = desk.publish("/", body)
    desk.open(f"messages/{message_id}")
    expect(desk.page.get_by_text("97.7 KiB, the first 64.0 KiB shown")).to_be_visible()
    with desk.page.expect_download() as started:
        desk.button("Download").first.click()
    assert started.value.path().read_bytes() == body
    assert started.value.suggested_filename == f"{message_id}.bin"


def test_json_is_indented_without_being_changed(desk: Desk) -> None:
    message_id = desk.publish("/", b'{"id":12345678901234567890,"a":[1.0,{}, [ ]],"t":"{\\"x\\": [1,2]}","a":null}')
    desk.open(f"messages/{message_id}")
    assert desk.page.get_by_label("Request body").text_content() == (
        '{\n  "id": 12345678901234567890,\n  "a": [\n    1.0,\n    {},\n    []\n  ],\n  "t": "{\\"x\\": [1,2]}",\n'
        '  "a": null\n}'
    )


def test_a_server_that_is_gone_is_said_to_be(browser: Browser) -> None:
    with receiver() as there, running() as server, client(server) as api, opened(browser, server, there, api) as desk:
        desk.open("messages")
        expect(desk.page.locator("#live")).to_have_text("live")
        desk.page.context.set_offline(True)
        expect(desk.page.locator("#live")).to_have_text("not reachable")
        desk.page.context.set_offline(False)
        expect(desk.page.locator("#live")).to_have_text("live")
        desk.complaints.clear()


def test_no_view_is_wider_than_a_phone(browser: Browser) -> None:
    with at_desk(browser, viewport={"width": 360, "height": 740}) as desk:
        desk.there.say(500, b'{"error": "' + b"long" * 50 + b'"}')
        message_id = desk.publish("/long" * 40, Retries="0", Label="a" * 100)
        cron = {"Upstash-Cron": "0 0 1 1 *", "Upstash-Schedule-Id": "a" * 80}
        desk.call("POST", f"/v2/schedules/{desk.there.url}{'/long' * 40}", headers=cron)
        desk.call("POST", "/v2/topics/g/endpoints", json={"endpoints": [{"url": desk.there.url + "/long" * 40}]})
        desk.there.next()
        for view in (*VIEWS, f"messages/{message_id}"):
            desk.open(view)
            expect(desk.page.locator("#live")).to_have_text("live")
            desk.page.wait_for_load_state("networkidle")
            assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def test_it_is_light_or_dark_as_one_likes(browser: Browser) -> None:
    with at_desk(browser, color_scheme="dark") as desk:
        desk.open("messages")
        background = "getComputedStyle(document.body).backgroundColor"
        assert desk.page.evaluate(background) == "rgb(17, 21, 23)"
        desk.page.get_by_role("button", name="Colours: auto").click()
        assert desk.page.evaluate(background) == "rgb(247, 248, 249)"
        desk.page.reload()
        assert desk.page.evaluate(background) == "rgb(247, 248, 249)"


def test_on_a_phone_filters_fold_and_say_how_many_are_set(browser: Browser) -> None:
    with at_desk(browser, viewport={"width": 390, "height": 844}) as desk:
        desk.publish("/one", Label="first")
        desk.open("messages?label=first")
        fold = desk.button("Filters (1)")
        expect(fold).to_have_attribute("aria-expanded", "false")
        expect(desk.page.get_by_label("Label")).to_be_hidden()
        fold.click()
        desk.page.get_by_label("Label").fill("")
        expect(desk.button("Filters")).to_have_attribute("aria-expanded", "true")
        expect(desk.page.locator("tbody tr")).to_have_css("display", "flex")
