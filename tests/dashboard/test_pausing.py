"""Queues, schedules, flow control and URL groups: pause, resume, change, run now."""

import pytest
from playwright.sync_api import expect

from tests.dashboard.desk import Desk

pytestmark = pytest.mark.system


def test_a_queue_is_paused_and_resumed(desk: Desk) -> None:
    desk.open("queues")
    desk.page.get_by_label("New queue").fill("mail")
    desk.button("Add").click()
    row = desk.row("mail")
    desk.button("Pause", row).click()
    expect(row).to_contain_text("Paused")
    for body in (b"1", b"2"):
        desk.call("POST", f"/v2/enqueue/mail/{desk.there.url}/", content=body)
    expect(row.get_by_role("cell").nth(1)).to_have_text("2")
    assert desk.there.there.nothing_more()
    row.get_by_role("link", name="mail").click()
    expect(desk.page.locator("tbody tr")).to_have_count(2)
    expect(desk.page.locator("tbody tr").first).to_contain_text("Queued")

    desk.open("queues")
    desk.button("Resume", row).click()
    assert [desk.there.next().body for _ in range(2)] == [b"1", b"2"]
    expect(row.get_by_role("cell").nth(1)).to_have_text("0")
    expect(row).not_to_contain_text("Paused")


def test_the_parallelism_of_a_queue_is_set(desk: Desk) -> None:
    desk.call("POST", "/v2/queues", json={"queueName": "mail", "parallelism": 1, "paused": True})
    desk.open("queues")
    desk.page.get_by_label("Parallelism of mail").fill("7")
    desk.button("Set", desk.row("mail")).click()
    expect(desk.told("Changed")).to_be_visible()
    queue = desk.call("GET", "/v2/queues/mail")
    assert (queue["parallelism"], queue["paused"]) == (7, True)


def test_a_schedule_is_paused_resumed_and_run_now(desk: Desk) -> None:
    desk.call(
        "POST",
        f"/v2/schedules/{desk.there.url}/report",
        content=b"{}",
        headers={"Upstash-Cron": "0 0 1 1 *", "Upstash-Schedule-Id": "yearly"},
    )
    desk.open("schedules")
    row = desk.row("yearly")
    expect(row.locator(".ticks li")).to_have_count(5)
    desk.button("Pause", row).click()
    expect(row.locator(".ticks li")).to_have_count(0)
    assert desk.call("GET", "/v2/schedules/yearly")["isPaused"] is True

    desk.button("Run now", row).click()
    received = desk.there.next()
    assert (received.target, received.header("Upstash-Schedule-Id")) == ("/report", "yearly")
    expect(row).to_contain_text("delivered")
    desk.button("Resume", row).click()
    expect(row.locator(".ticks li")).to_have_count(5)
    desk.button("Delete", row).click()
    desk.confirm("Delete")
    expect(desk.page.get_by_text("No schedules.")).to_be_visible()


def test_flow_control_is_paused_pinned_and_reset(desk: Desk) -> None:
    options = {
        "Upstash-Flow-Control-Key": "crm & <co>",
        "Upstash-Flow-Control-Value": "parallelism=2, rate=5, period=1d",
    }
    desk.call("POST", f"/v2/publish/{desk.there.url}/", headers=options)
    desk.there.next()
    desk.open("queues")
    row = desk.row("crm & <co>")
    expect(row).to_contain_text("1 of")
    desk.button("Pause", row).click()
    expect(row).to_contain_text("Paused")
    desk.call("POST", f"/v2/publish/{desk.there.url}/", headers=options)
    expect(row.get_by_role("cell").nth(1)).to_have_text("1")
    desk.page.get_by_label("Parallelism of crm & <co>").fill("9")
    desk.button("Pin", row).click()
    expect(row).to_contain_text("pinned")
    assert desk.call("GET", "/v2/flowControl/crm%20&%20%3Cco%3E")["parallelismMax"] == 9
    desk.button("Resume", row).click()
    desk.there.next()
    desk.button("Unpin", row).click()
    expect(row).not_to_contain_text("pinned")
    desk.button("Reset rate", row).click()
    expect(row).to_contain_text("0 of")


def test_a_url_group_grows_and_shrinks(desk: Desk) -> None:
    page = desk.page
    desk.open("groups")
    page.get_by_label("URL group", exact=True).fill("signups")
    page.get_by_label("Endpoint URL").fill(f"{desk.there.url}/crm")
    page.get_by_label("Endpoint name").fill("crm")
    desk.button("Add").click()
    card = desk.row("signups")
    card.get_by_label("Endpoint URL").fill(f"{desk.there.url}/mail")
    desk.button("Add endpoint", card).click()
    expect(card.get_by_role("row")).to_have_count(2)
    card.get_by_role("link", name="Publish").click()
    expect(page.get_by_label("Destination")).to_have_value("signups")
    desk.button("Publish").click()
    expect(page.locator(".result a")).to_have_count(2)
    assert {desk.there.next().target for _ in range(2)} == {"/crm", "/mail"}
    desk.open("groups")
    desk.button("Remove", card).first.click()
    expect(card.get_by_role("row")).to_have_count(1)
    desk.button("Delete", card).click()
    desk.confirm("Delete")
    expect(page.get_by_text("No URL groups.")).to_be_visible()
