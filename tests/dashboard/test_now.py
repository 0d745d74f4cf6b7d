"""Deliver now, retry now: by button and by key, in the list and on the page of a message."""

import pytest
from playwright.sync_api import expect

from tests.dashboard.desk import Desk

pytestmark = pytest.mark.system


def test_a_message_in_the_list_is_delivered_now(desk: Desk) -> None:
    message_id = desk.publish("/ship", Delay="1d")
    other = desk.publish("/other", Delay="1d")
    desk.open("messages")
    desk.button("Deliver now", desk.row(message_id)).click()
    assert desk.there.next().target == "/ship"
    expect(desk.row(message_id)).to_contain_text("Delivered")
    expect(desk.row(other)).to_contain_text("Waiting")
    expect(desk.button("Deliver now", desk.row(message_id))).to_have_count(0)


def test_d_delivers_the_row_that_has_the_focus(desk: Desk) -> None:
    desk.publish("/first", Delay="1d")
    desk.publish("/second", Delay="1d")
    desk.open("messages")
    expect(desk.page.locator("tbody tr")).to_have_count(2)
    for key in ("j", "j", "d"):
        desk.page.keyboard.press(key)
    assert desk.there.next().target == "/first"
    expect(desk.page.locator("tbody tr").last).to_contain_text("Delivered")


def test_a_retry_comes_now_from_the_page_of_the_message(desk: Desk) -> None:
    desk.there.say(500)
    message_id = desk.publish("/ship", Retry_Delay="86400000")
    desk.there.next()
    desk.open(f"messages/{message_id}")
    expect(desk.page.locator("h1 .badge")).to_have_text("Retrying")
    expect(desk.page.locator(".timeline > .retrying")).to_contain_text("Waits for the next attempt until")
    desk.there.say(200)
    desk.page.keyboard.press("d")
    assert desk.there.next().header("Upstash-Retried") == "1"
    expect(desk.page.locator("h1 .badge")).to_have_text("Delivered")
    expect(desk.button("Deliver now")).to_have_count(0)
    expect(desk.page.locator(".timeline > .retrying")).to_contain_text("Waited for the next attempt, due at")


def test_a_message_that_failed_for_good_is_retried_now(desk: Desk) -> None:
    desk.there.say(500)
    message_id = desk.publish("/ship", Retries="0")
    desk.there.next()
    desk.open("messages")
    expect(desk.button("Retry now", desk.row(message_id))).to_be_visible()
    desk.there.say(200)
    desk.row(message_id).get_by_role("link").first.click()
    desk.button("Retry now").click()
    new_id = desk.there.next().header("Upstash-Message-Id")
    desk.page.wait_for_url(f"**/#/messages/{new_id}")
    expect(desk.page.locator("h1 .badge")).to_have_text("Delivered")


def test_what_holds_it_back_is_named_and_linked(desk: Desk) -> None:
    page = desk.page
    message_id = desk.publish("/ship", Flow_Control_Key="crm", Flow_Control_Value="rate=9", Delay="1d")
    desk.call("POST", "/v2/flowControl/crm/pause")
    desk.open("messages")
    desk.button("Deliver now", desk.row(message_id)).click()
    expect(desk.told("flow-control key 'crm' is paused: resume it")).to_be_visible()
    page.locator("#notices").get_by_role("link", name="Flow control crm").click()
    expect(page.get_by_role("heading", name="Queues")).to_be_visible()
    expect(desk.row("crm")).to_be_focused()
    desk.complaints.clear()  # the browser's own, of the 409


def test_what_waits_in_a_queue_says_for_which(desk: Desk) -> None:
    desk.call("POST", "/v2/queues", json={"queueName": "mail", "parallelism": 1})
    desk.call("POST", "/v2/queues/mail/pause")
    message_id = desk.call("POST", f"/v2/enqueue/mail/{desk.there.url}/ship")["messageId"]
    desk.open(f"messages/{message_id}")
    expect(desk.page.locator("h1 .badge")).to_have_text("Queued")
    expect(desk.button("Deliver now")).to_have_count(0)
    desk.page.get_by_role("link", name="Queue mail").click()
    expect(desk.row("mail")).to_be_focused()
