"""What a message belongs to: told apart in words, and each a link."""

import pytest
from playwright.sync_api import expect

from tests.dashboard.desk import Desk

pytestmark = pytest.mark.system


def test_what_a_message_belongs_to_is_told_apart_and_filters(desk: Desk) -> None:
    page = desk.page
    endpoints = [{"url": f"{desk.there.url}/ship", "name": "one"}]
    desk.call("POST", "/v2/topics/nightly/endpoints", json={"endpoints": endpoints})
    headers = {"Upstash-Cron": "0 0 1 1 *", "Upstash-Schedule-Id": "yearly", "Upstash-Label": "orders,eu"}
    headers |= {"Upstash-Flow-Control-Key": "crm", "Upstash-Flow-Control-Value": "rate=99"}
    desk.call("POST", "/v2/schedules/nightly", headers=headers)
    (ran,) = desk.call("POST", "/_local/schedules/yearly/run")
    desk.call("POST", f"/v2/enqueue/mail/{desk.there.url}/other")
    desk.open("messages")
    chips = desk.row(ran["messageId"]).locator(".chip")
    expect(chips).to_have_text(["label orders", "label eu", "group nightly", "schedule yearly", "flow crm"])
    for chip, label in (("label eu", "Label"), ("group nightly", "URL group"), ("schedule yearly", "Schedule"),
                        ("flow crm", "Flow control")):  # fmt: skip
        desk.row(ran["messageId"]).get_by_role("link", name=chip, exact=True).click()
        expect(page.get_by_label(label, exact=True)).to_have_value(chip.split()[1])
        expect(page.locator("tbody tr")).to_have_count(1)
        desk.open("messages")
        expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_role("link", name="queue mail", exact=True).click()
    expect(page.get_by_label("Queue", exact=True)).to_have_value("mail")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_a_callback_leads_to_its_message_and_back(desk: Desk) -> None:
    page = desk.page
    desk.there.say(500)
    there = desk.there.url
    message_id = desk.publish("/ship", Retries="0", Callback=f"{there}/done", Failure_Callback=f"{there}/failed")
    desk.open("messages")
    expect(page.locator("tbody tr")).to_have_count(3)
    callback = page.locator("tbody tr").filter(has_text="/done")
    callback.get_by_role("link", name=f"callback of …{message_id[-6:]}").click()
    page.wait_for_url(f"**/#/messages/{message_id}")
    made = page.get_by_role("table", name="Callbacks").locator("tbody tr")
    expect(made).to_have_count(2)
    expect(made.first).to_contain_text("/done")
    expect(made.last).to_contain_text("failure callback")
    made.last.get_by_role("link").click()
    expect(page.locator("h1.url")).to_contain_text("/failed")
    page.locator(".facts").get_by_role("link", name=message_id).click()
    expect(page.locator("h1.url")).to_contain_text("/ship")
