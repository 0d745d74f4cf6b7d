"""Every option in the form, and on the page of a message that has it; one that is only in the table, too."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Route, expect

from qstash_integrations._core.publishing.options import OPTIONS
from qstash_integrations.server.dashboard import option_table
from tests.dashboard.desk import Desk, at_desk
from tests.options.cases import BESIDE, CASES, DONE, NOW
from tests.options.fictitious import PRIORITY

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.system

# What stands in the heading, or among the headers of the request.
ELSEWHERE = {"method", "content_type", "headers"}
# What cannot stand beside others, since it says the same in another way or the same field differs.
OTHERWISE = ["headers", "not_before", "content_based_deduplication"]
OF_MESSAGES = [name for name, option in OPTIONS.items() if "message" in option.of and name != "redact"]
MESSAGES = {
    "most": [name for name in OF_MESSAGES if name not in OTHERWISE and name != "queue"],
    "the others": [*OTHERWISE, "queue"],
}
FORMS = {
    "most": MESSAGES["most"],
    "the others": [*OTHERWISE, "redact"],
    "a schedule": [name for name, option in OPTIONS.items() if option.of == ("schedule",)],
}
OF_CALLBACKS = [name for name, option in OPTIONS.items() if "callback" in option.of]


@pytest.fixture(scope="module")
def desk(browser: "Browser") -> "Iterator[Desk]":
    with at_desk(browser, clock=lambda: NOW, timezone_id="UTC") as desk:
        yield desk


def sent(desk: Desk, inputs: dict[str, str]) -> tuple[str, dict[str, str]]:
    """The path and the headers of the call that the form makes of these inputs."""
    page = desk.page
    page.goto("about:blank")
    desk.open("publish")
    page.get_by_label("Destination").fill(f"{desk.there.url}/x")
    desk.unfold()
    for name, value in inputs.items():
        field = page.locator(f'[name="{name}"]')
        if value == "on":
            field.check()
        elif field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    with page.expect_request("**/v2/**") as asked:
        desk.button("Publish").click()
    expect(page.locator(".result")).to_contain_text("Published" if "Upstash-Cron" not in inputs else "is made")
    request = asked.value
    return request.url.removeprefix(desk.server.url), request.all_headers()


def published(desk: Desk, *names: str) -> str:
    """The id of a message with these options."""
    headers = dict(header for name in names for header in (*BESIDE.get(name, ()), *CASES[name].headers))
    answer = desk.call("POST", f"/v2/publish/{desk.there.url}", content=b"hi", headers=headers)
    return str(answer["messageId"])


def fact(desk: Desk, label: str) -> str:
    """What the page of a message says beside a label."""
    found = desk.page.locator("dl.facts dt", has_text=label).first.locator("xpath=following-sibling::dd[1]")
    return found.inner_text()


def inputs_of(names: list[str]) -> dict[str, str]:
    return {field: value for name in names for field, value in CASES[name].form.items()}


def headers_of(names: list[str]) -> dict[str, str]:
    return {header.lower(): value for name in names for header, value in CASES[name].headers}


def test_every_option_stands_in_a_form() -> None:
    assert sorted(["queue", *chain.from_iterable(FORMS.values())]) == sorted(CASES)


@pytest.mark.parametrize("names", FORMS.values(), ids=FORMS)
def test_the_form_sends_them(desk: Desk, names: list[str]) -> None:
    _, headers = sent(desk, inputs_of(names))
    expected = headers_of(names)
    assert {name: headers.get(name, "").replace(", ", ",") for name in expected} == {
        name: value.replace(", ", ",") for name, value in expected.items()
    }


def test_the_form_sends_a_message_through_a_queue(desk: Desk) -> None:
    path, _ = sent(desk, CASES["queue"].form)
    assert path == f"/v2/enqueue/mail/{desk.there.url}/x"


def test_the_form_sends_the_queue_of_a_schedule(desk: Desk) -> None:
    path, headers = sent(desk, {"Upstash-Cron": "0 0 1 1 *", "Upstash-Queue-Name": "mail"})
    assert (path, headers["upstash-queue-name"]) == (f"/v2/schedules/{desk.there.url}/x", "mail")


def test_the_form_sends_those_of_a_callback(desk: Desk) -> None:
    inputs = inputs_of(OF_CALLBACKS).items()
    of_callback = {f"Upstash-Callback-{name.removeprefix('Upstash-')}": value for name, value in inputs}
    _, headers = sent(desk, {"Upstash-Callback": DONE, **of_callback})
    expected = {
        name.replace("upstash-", "upstash-callback-"): value for name, value in headers_of(OF_CALLBACKS).items()
    }
    assert {name: headers.get(name, "").replace(", ", ",") for name in expected} == {
        name: value.replace(", ", ",") for name, value in expected.items()
    }


@pytest.mark.parametrize("names", MESSAGES.values(), ids=MESSAGES)
def test_the_page_of_a_message_shows_them(desk: Desk, names: list[str]) -> None:
    message_id = published(desk, *names)
    desk.open(f"messages/{message_id}")
    expect(desk.page.locator(".crumbs")).to_contain_text(message_id)
    expect(desk.page.get_by_role("heading", name="Request")).to_be_visible()
    said = desk.page.locator("article").inner_text()
    shown = {name: said if name in ELSEWHERE else fact(desk, OPTIONS[name].label) for name in names}
    assert {name: text for name, text in shown.items() if CASES[name].shown not in text} == {}


@pytest.mark.parametrize("names", MESSAGES.values(), ids=MESSAGES)
def test_a_message_that_is_edited_keeps_what_still_holds(desk: Desk, names: list[str]) -> None:
    desk.page.goto("about:blank")
    desk.open(f"publish?from={published(desk, *names)}")
    expect(desk.page.get_by_text("this becomes a new one")).to_be_visible()
    desk.button("Publish").click()
    message_id = desk.page.locator(".result a").inner_text()
    answer = desk.call("GET", f"/_local/messages/{message_id}")
    kept = [name for name in names if {field: answer.get(field) for field in CASES[name].page} == CASES[name].page]
    assert kept == [name for name in names if not OPTIONS[name].once]


def test_what_was_redacted_is_to_be_filled_in_again(desk: Desk) -> None:
    message_id = published(desk, "redact")
    desk.open(f"messages/{message_id}")
    expect(desk.page.locator(".crumbs")).to_contain_text(message_id)
    assert CASES["redact"].shown in fact(desk, OPTIONS["redact"].label)
    desk.page.goto("about:blank")
    desk.open(f"publish?from={message_id}")
    expect(desk.page.get_by_text("What was redacted in it is not known here")).to_be_visible()


def test_the_page_of_a_message_shows_its_schedule(desk: Desk) -> None:
    headers = {"Upstash-Cron": "0 0 1 1 *", "Upstash-Schedule-Id": "yearly"}
    desk.call("POST", f"/v2/schedules/{desk.there.url}/x", headers=headers)
    (receipt,) = desk.call("POST", "/_local/schedules/yearly/run")
    desk.open(f"messages/{receipt['messageId']}")
    expect(desk.page.get_by_text("Published from")).to_be_visible()
    assert fact(desk, "Schedule id") == "yearly"


def test_a_row_is_all_that_the_page_needs(desk: Desk) -> None:
    def table(route: Route) -> None:
        route.fulfill(content_type="text/javascript", body=option_table((*OPTIONS.values(), PRIORITY)))

    def message(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "priority": 7})

    desk.page.route("**/dashboard/option_table.js", table)
    desk.page.route("**/_local/messages/msg_*", message)
    try:
        _, headers = sent(desk, {"Upstash-Priority": "7"})
        assert headers["upstash-priority"] == "7"
        desk.page.locator(".result a").click()
        expect(desk.page.get_by_text("Published from")).to_be_visible()
        assert fact(desk, "Priority") == "7"
    finally:
        desk.page.unroute_all(behavior="ignoreErrors")
