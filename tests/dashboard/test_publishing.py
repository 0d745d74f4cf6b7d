"""Publishing with the form, from the first click to the delivered message."""

import pytest
from playwright.sync_api import expect

from tests.dashboard.desk import Desk

pytestmark = pytest.mark.system


def submit(desk: Desk) -> None:
    desk.button("Publish").click()


def test_a_message_is_published_and_watched_until_it_is_delivered(desk: Desk) -> None:
    page = desk.page
    page.goto(desk.server.dashboard)
    expect(page.get_by_text("No messages yet.")).to_be_visible()
    page.get_by_role("link", name="Publish", exact=True).click()
    page.get_by_label("Destination").fill(f"{desk.there.url}/hooks/ship?x=1")
    page.get_by_label("Body", exact=True).fill('{"id": 3, "name": "Ünïcode"}')
    page.locator("[name=Upstash-Label]").fill("orders, größe")
    page.get_by_label("Headers", exact=True).fill("X-Tenant: 42\nX-Size: nö")
    submit(desk)

    received = desk.there.next()
    assert (received.method, received.target) == ("POST", "/hooks/ship?x=1")
    assert received.body == '{"id": 3, "name": "Ünïcode"}'.encode()
    assert received.header("X-Tenant") == "42"
    assert received.header("X-Size") == "nö".encode().decode("latin-1")
    assert received.header("Content-Type") == "application/json"

    page.locator(".result a").click()
    expect(page.locator(".timeline > .delivered")).to_contain_text("Attempt 1 200")
    expect(page.locator("h1 .badge")).to_have_text("Delivered")
    expect(page.get_by_text("größe")).to_be_visible()
    page.get_by_role("link", name="Messages", exact=True).first.click()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)  # the message's own tables have gone
    expect(row).to_contain_text("Delivered")
    expect(row).to_contain_text("/hooks/ship?x=1")
    expect(row).to_contain_text("0 of 3")


def test_every_option_reaches_the_server(desk: Desk) -> None:
    page = desk.page
    desk.open("publish")
    page.get_by_label("Destination").fill(f"{desk.there.url}/x")
    desk.unfold()
    fields = {
        "Upstash-Method": "PUT",
        "Content-Type": "text/plain",
        "Upstash-Label": "a,b",
        "Upstash-Forward-": "X-Job: 7\nX-Key: secret",
        "Upstash-Delay": "1h",
        "Upstash-Retries": "2",
        "Upstash-Retry-Delay": "1000 * (1 + retried)",
        "Upstash-Timeout": "30s",
        "Upstash-Flow-Control-Key": "crm",
        "parallelism": "3",
        "rate": "10",
        "period": "1m",
        "Upstash-Deduplication-Id": "once",
        "Upstash-Callback": f"{desk.there.url}/done?x=1",
        "Upstash-Callback-Forward-": "X-Done: yes",
        "Upstash-Failure-Callback": f"{desk.there.url}/failed",
        "redact names": "X-Key",
    }
    for name, value in fields.items():
        field = page.locator(f'[name="{name}"]')
        if name == "Upstash-Method":
            field.select_option(value)
        else:
            field.fill(value)
    submit(desk)
    message_id = page.locator(".result a").inner_text()
    message = desk.call("GET", f"/v2/messages/{message_id}")
    assert message["header"].pop("X-Key")[0].startswith("REDACTED:")
    assert message.pop("notBefore") - message.pop("createdAt") == 3_600_000
    del message["messageId"], message["callerIP"]
    assert message == {
        "url": f"{desk.there.url}/x",
        "method": "PUT",
        "header": {"Content-Type": ["text/plain"], "X-Job": ["7"]},
        "body": '{"hello": "world"}',
        "maxRetries": 2,
        "retryDelayExpression": "1000 * (1 + retried)",
        "label": "a",
        "labels": ["a", "b"],
        "flowControlKey": "crm",
        "parallelism": 3,
        "rate": 10,
        "period": 60,
        "callback": f"{desk.there.url}/done?x=1",
        "callbackHeader": {"X-Done": ["yes"]},
        "failureCallback": f"{desk.there.url}/failed",
    }
    submit(desk)
    expect(page.locator(".result")).to_contain_text("a duplicate of this one")


def test_a_message_goes_through_a_queue(desk: Desk) -> None:
    desk.call("POST", "/v2/queues", json={"queueName": "mail", "parallelism": 1, "paused": True})
    desk.open("publish")
    desk.page.get_by_label("Destination").fill(desk.there.url)
    desk.page.get_by_label("Queue").fill("mail")
    submit(desk)
    desk.page.locator(".result a").click()
    expect(desk.page.locator("h1 .badge")).to_have_text("Queued")


def test_with_a_cron_expression_it_becomes_a_schedule(desk: Desk) -> None:
    page = desk.page
    desk.open("publish")
    page.get_by_label("Destination").fill(f"{desk.there.url}/report")
    desk.unfold()
    page.locator('[name="Upstash-Cron"]').fill("CRON_TZ=Europe/Berlin 0 7 * * *")
    page.locator('[name="Upstash-Schedule-Id"]').fill("daily")
    submit(desk)
    page.locator(".result a").click()
    expect(desk.row("daily")).to_contain_text("CRON_TZ=Europe/Berlin 0 7 * * *")
    expect(desk.row("daily").locator(".ticks li")).to_have_count(5)


@pytest.mark.parametrize(
    ("destination", "error"),
    {
        "example.com/x": "add http:// or https://",
        "ftp://example.com": "add http:// or https://",
        "no-group": "topic no-group not found",
    }.items(),
)
def test_what_the_server_refuses_is_said_beside_the_button(desk: Desk, destination: str, error: str) -> None:
    desk.open("publish")
    desk.page.get_by_label("Destination").fill(destination)
    submit(desk)
    expect(desk.page.locator(".result [role=alert]")).to_contain_text(error)
    # The browser reports an answer of 4xx, whoever expects it.
    assert len(desk.complaints) == 1
    desk.complaints.clear()


@pytest.mark.parametrize(
    "path",
    [
        "/../../../../v2/keys/rotate",
        "/%2e%2E/%2e./.%2e/../v2/keys/rotate",
        "/a/./b",
        "\\..\\..\\v2\\keys\\rotate",
        "/a#b",
    ],
)
def test_a_url_that_a_browser_would_turn_into_another_call_is_not_sent(desk: Desk, path: str) -> None:
    keys = desk.call("GET", "/v2/keys")
    desk.open("publish")
    desk.page.get_by_label("Destination").fill(f"{desk.there.url}{path}")
    submit(desk)
    expect(desk.page.locator(".result [role=alert]")).to_contain_text("A browser would change this URL")
    assert desk.call("GET", "/v2/keys") == keys
    assert desk.call("GET", "/_local/messages") == {"messages": []}


def test_a_message_is_edited_and_sent_again(desk: Desk) -> None:
    message_id = desk.publish("/first", b'{"id": 1}', Label="a", Forward_X_Job="7", Retries="1")
    desk.there.next()
    desk.open(f"messages/{message_id}")
    desk.page.get_by_role("link", name="Edit and send again").click()
    expect(desk.page.get_by_label("Body", exact=True)).to_have_value('{"id": 1}')
    desk.page.get_by_label("Destination").fill(f"{desk.there.url}/second")
    submit(desk)
    again = desk.there.next()
    assert (again.target, again.body, again.header("X-Job")) == ("/second", b'{"id": 1}', "7")
    assert again.header("Upstash-Message-Id") != message_id


def test_a_body_that_is_no_text_is_sent_again_byte_for_byte(desk: Desk) -> None:
    body = bytes(range(256)) * 300
    message_id = desk.publish("/first", body)
    desk.there.next()
    desk.open(f"publish?from={message_id}")
    expect(desk.page.get_by_label("Body", exact=True)).to_have_value("75.0 KiB, sent as they are")
    submit(desk)
    assert desk.there.next().body == body


def test_the_call_can_be_copied_for_curl(desk: Desk) -> None:
    desk.open("publish")
    desk.page.get_by_label("Destination").fill("https://a.example/x")
    desk.page.get_by_label("Body", exact=True).fill("it's é")
    desk.page.locator("[name=Upstash-Label]").fill("größe")
    desk.button("Copy as curl").click()
    expect(desk.told("Copied")).to_be_visible()
    assert desk.page.evaluate("navigator.clipboard.readText()").splitlines() == [
        f"curl --path-as-is -X POST '{desk.server.url}/v2/publish/https://a.example/x' \\",
        '  -H "Authorization: Bearer $QSTASH_TOKEN" \\',
        "  -H 'Upstash-Method: POST' \\",
        "  -H 'Content-Type: application/json' \\",
        "  -H 'Upstash-Label: größe' \\",
        "  --data-raw 'it'\\''s é'",
    ]


def test_the_form_says_where_a_body_stops_being_json(desk: Desk) -> None:
    desk.open("publish")
    desk.page.get_by_label("Body", exact=True).fill('{\n  "order": 3,\n}')
    flaw = "Not JSON: line 3, column 1: here should be a name in double quotes."
    expect(desk.page.get_by_text(flaw)).to_be_visible()
    desk.page.get_by_label("Body", exact=True).fill('{\n  "order": [1, -2.5e3, "a\\n", {}, []]\n}')
    expect(desk.page.get_by_text("Not JSON")).to_be_hidden()


def test_the_form_shows_when_a_cron_expression_comes_true(desk: Desk) -> None:
    desk.open("publish")
    desk.unfold()
    cron = desk.page.locator("[name=Upstash-Cron]")
    cron.fill("CRON_TZ=Asia/Tokyo 0 7 * * *")
    expect(desk.page.locator(".ticks > div")).to_have_count(5)
    expect(desk.page.locator(".ticks > div").first).to_contain_text("07:00 GMT+9")
    cron.fill("0 7 * *")
    expect(desk.page.locator(".ticks .bad")).to_contain_text("invalid cron '0 7 * *'")
    desk.complaints.clear()  # the browser's, of the answer 400


def test_a_new_schedule_begins_with_an_expression_that_is_shown(desk: Desk) -> None:
    desk.open("schedules")
    desk.page.get_by_role("main").get_by_role("link", name="New schedule").click()
    expect(desk.page.locator("[name=Upstash-Cron]")).to_have_value("0 7 * * *")
    expect(desk.page.locator(".ticks > div")).to_have_count(5)
