"""Rows of messages: told apart at a glance, opened whole, and found again as they were left."""

import pytest
from playwright.sync_api import Locator, expect

from tests.dashboard.desk import Desk

pytestmark = pytest.mark.system

LONG = "/api/v2/tenants/01HZX8K2V3/workspaces/42/webhooks/incoming/stripe/events/handle?attempt=1"


def test_a_row_shows_what_tells_messages_apart(desk: Desk) -> None:
    json = desk.publish("/a", b'{"order":\n   7}', Delay="1d")
    binary = desk.publish("/b", b"\xff\xd8" * 1024, Delay="1d")
    redacted = desk.publish("/c", b"TOPSECRET", Delay="1d", Redact_Fields="body")
    empty = desk.publish("/d", b"", Delay="1d")
    desk.open("messages")
    for message_id, shown in (
        (json, '{"order": 7}'),
        (binary, "binary, 2.0 KiB"),
        (redacted, "redacted body"),
        (empty, "no body"),
    ):
        expect(desk.row(message_id).locator(".more")).to_have_text(f"…{message_id[-6:]}{shown}")
        expect(desk.row(message_id).locator(".more code").first).to_have_attribute("title", message_id)
    expect(desk.page.get_by_role("main")).not_to_contain_text("TOPSECRET")


def test_a_long_url_is_cut_in_the_middle(desk: Desk) -> None:
    message_id = desk.publish(LONG, Delay="1d")
    desk.open("messages")
    link = desk.row(message_id).locator("a.row")
    expect(link).to_have_attribute("title", desk.there.url + LONG)
    expect(link).to_have_text(desk.there.url + LONG)
    expect(link.locator(".quiet")).to_have_text(desk.there.url)
    start, end = link.locator("> span").all()
    expect(end).to_have_text("handle?attempt=1")
    assert start.evaluate("start => start.scrollWidth > start.clientWidth")
    assert end.evaluate("end => end.getBoundingClientRect().right <= end.closest('td').getBoundingClientRect().right")


def test_a_row_opens_by_a_click_anywhere(desk: Desk) -> None:
    message_id = desk.publish("/ship", b"hello", Label="orders", Delay="1d")
    desk.open("messages")
    desk.row(message_id).locator(".badge").click()
    expect(desk.page.locator("h1.url")).to_contain_text("/ship")


def test_a_row_opens_in_another_tab_as_a_link_does(desk: Desk) -> None:
    message_id = desk.publish("/ship", Delay="1d")
    desk.open("messages")
    cell = desk.row(message_id).locator(".badge")
    for options in ({"modifiers": ["Control"]}, {"button": "middle"}):
        with desk.page.context.expect_page() as opened:
            cell.click(**options)  # type: ignore[arg-type]
        expect(opened.value.locator("h1.url")).to_contain_text("/ship")
        opened.value.close()
    assert desk.page.url.endswith("#/messages")


def test_text_in_a_row_can_be_marked(desk: Desk) -> None:
    message_id = desk.publish("/ship", b"hello-there", Delay="1d")
    desk.open("messages")
    drag_over(desk, desk.row(message_id).locator(".preview"))
    assert "hello-there" in desk.page.evaluate("getSelection().toString()")
    assert desk.page.url.endswith("#/messages")


def test_back_leads_to_the_page_the_scroll_position_and_the_row_that_was_left(desk: Desk) -> None:
    page = desk.page
    items = [
        {"destination": f"{desk.there.url}/{number}", "headers": {"Upstash-Delay": "1d", "Upstash-Label": "batch"}}
        for number in range(250)
    ]
    desk.call("POST", "/v2/batch", json=items)
    desk.open("messages?label=batch")
    expect(page.locator("tbody tr")).to_have_count(100)
    desk.button("Older →").click()
    row = page.locator("tbody tr").nth(60)
    expect(row).to_contain_text("/89")
    row.scroll_into_view_if_needed()
    row.locator("td").nth(4).click()
    expect(page.locator("h1.url")).to_contain_text("/89")
    assert page.evaluate("scrollY") == 0
    page.go_back()
    expect(page.get_by_label("Label")).to_have_value("batch")
    expect(row).to_contain_text("/89")
    expect(row.locator("a.row")).to_be_focused()
    assert page.evaluate("scrollY") > 1000
    expect(row).to_be_in_viewport()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1.url")).to_contain_text("/88")


def test_a_new_message_does_not_move_the_list_that_one_came_back_to(desk: Desk) -> None:
    page = desk.page
    desk.call(
        "POST",
        "/v2/batch",
        json=[
            {"destination": f"{desk.there.url}/{number}", "headers": {"Upstash-Delay": "1d"}} for number in range(60)
        ],
    )
    desk.open("messages")
    row = page.locator("tbody tr").filter(has_text="/20")
    row.scroll_into_view_if_needed()
    row.locator(".badge").click()
    expect(page.locator("h1.url")).to_contain_text("/20")
    new = desk.publish("/new")
    page.go_back()
    expect(desk.row(new)).to_contain_text("Delivered")
    expect(row).to_be_in_viewport()


def test_the_keys_go_on_from_the_row_whose_button_has_the_focus(desk: Desk) -> None:
    for number in range(3):
        desk.publish(f"/{number}", Delay="1d")
    desk.open("messages")
    rows = desk.page.locator("tbody tr")
    expect(rows).to_have_count(3)
    desk.button("Deliver now", rows.nth(1)).focus()
    desk.page.keyboard.press("j")
    expect(rows.nth(2).locator("a.row")).to_be_focused()
    desk.page.keyboard.press("k")
    expect(rows.nth(1).locator("a.row")).to_be_focused()


@pytest.mark.parametrize("view", ["messages", "dead-letters"])
def test_cells_say_what_they_are_where_there_is_no_head(desk: Desk, view: str) -> None:
    desk.there.say(500)
    message_id = desk.publish("/ship", Retries="0", Label="orders")
    desk.there.next()
    desk.open(view)
    row = desk.row(message_id)
    expect(row).to_be_visible()
    heads = desk.page.locator("thead th").all_text_contents()
    labels = row.locator("td").evaluate_all("cells => cells.map((cell) => cell.dataset.label)")
    assert labels == [head.removesuffix("Actions") for head in heads]


def drag_over(desk: Desk, element: Locator) -> None:
    box = element.bounding_box()
    assert box is not None
    mouse = desk.page.mouse
    middle = box["y"] + box["height"] / 2
    mouse.move(box["x"] + 1, middle)
    mouse.down()
    mouse.move(box["x"] + box["width"] - 1, middle, steps=5)
    mouse.up()
