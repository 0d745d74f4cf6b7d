"""Nothing there yet, or no more, or still on its way, or nobody who answers: it says which, and what to do."""

import pytest
from playwright.sync_api import Browser, Route, expect

from qstash_integrations.server.app import running
from tests.dashboard.desk import Desk, opened
from tests.dashboard.receiver import receiver
from tests.server.client import client

pytestmark = pytest.mark.system

EMPTY = {
    "messages": "No messages yet.",
    "schedules": "No schedules.",
    "queues": "No queues.",
    "groups": "No URL groups.",
}


def test_a_server_that_is_gone_leaves_what_was_shown_and_comes_back_by_itself(browser: Browser) -> None:
    with receiver() as there, running() as first, client(first) as api, opened(browser, first, there, api) as desk:
        page, port = desk.page, int(first.url.rpartition(":")[2])
        message_id = desk.publish("/kept")
        desk.open("messages")
        expect(desk.row(message_id)).to_contain_text("Delivered")
        page.context.set_offline(True)
        banner = page.get_by_role("alert").filter(has_text=f"No answer from http://127.0.0.1:{port} since")
        expect(banner).to_contain_text("What is shown is from then.")
        expect(banner).to_contain_text("qstash-integrations dev")
        expect(desk.row(message_id)).to_be_visible()
        assert page.locator("main").evaluate("main => getComputedStyle(main).filter") == "grayscale(1)"
        later = desk.publish("/meanwhile")
        page.context.set_offline(False)
        expect(desk.row(later)).to_be_visible()
        expect(banner).to_have_count(0)
        desk.complaints.clear()  # the browser's, of calls that failed


@pytest.mark.parametrize(("view", "sentence"), EMPTY.items(), ids=EMPTY)
def test_where_nothing_is_a_snippet_makes_something(desk: Desk, view: str, sentence: str) -> None:
    page = desk.page
    desk.open(view)
    empty = page.locator(".empty:visible").first
    expect(empty).to_contain_text(sentence)
    expect(empty.locator("pre")).to_contain_text(f"curl -X POST {desk.server.url}/v2/")
    expect(empty.locator("pre")).to_contain_text("$QSTASH_TOKEN")
    desk.button("Copy", empty).click()
    assert page.evaluate("navigator.clipboard.readText()") == empty.locator("pre").text_content()
    assert desk.server.token not in page.content()


def test_the_snippet_in_python_names_this_server(desk: Desk) -> None:
    desk.open("messages")
    desk.button("Python").click()
    expect(desk.page.get_by_label("With Python")).to_contain_text(f"QSTASH_URL={desk.server.url}")
    expect(desk.page.get_by_label("With Python")).to_contain_text("qstash.publish_json(")


def test_nothing_is_called_empty_before_the_server_has_said_so(desk: Desk) -> None:
    page = desk.page
    held: list[Route] = []
    page.route("**/_local/messages?*", lambda route: held.append(route))
    desk.open("messages")
    expect(page.get_by_text("Loading…")).to_be_visible()
    expect(page.get_by_text("No messages yet.")).to_be_hidden()
    assert held
    page.unroute_all(behavior="ignoreErrors")  # which lets those that were held go on
    expect(page.get_by_text("No messages yet.")).to_be_visible()
    expect(page.get_by_text("Loading…")).to_be_hidden()


def test_an_unknown_page_says_so_and_where_to_go(desk: Desk) -> None:
    desk.open("mesages")
    expect(desk.page.get_by_role("heading", name="No such page")).to_be_visible()
    expect(desk.page.get_by_role("main")).to_contain_text("The dashboard has no page “mesages”")
    desk.page.get_by_role("link", name="All messages").click()
    expect(desk.page.get_by_text("No messages yet.")).to_be_visible()


def test_a_message_that_is_gone_says_so_and_where_to_go(desk: Desk) -> None:
    desk.open("messages/msg_never")
    expect(desk.page.get_by_role("heading", name="Not here any more")).to_be_visible()
    expect(desk.page.get_by_role("link", name="All messages")).to_be_visible()
    desk.complaints.clear()  # the browser's, of the answer 404
