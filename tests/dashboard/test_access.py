"""Who sees the dashboard: whoever is on this machine, elsewhere who has the link or the token; never another site."""

import pytest
from playwright.sync_api import Browser, expect

from qstash_integrations.server.app import ServerConfig, running
from tests.dashboard.desk import Desk, opened
from tests.dashboard.receiver import receiver
from tests.server.client import client

pytestmark = pytest.mark.system

EVERYWHERE = ServerConfig(host="0.0.0.0", port=0, patience=1.0)


def test_D6_beyond_loopback_a_link_opens_it_once(browser: Browser) -> None:
    with running(EVERYWHERE) as server, receiver() as there, client(server) as api:
        with opened(browser, server, there, api) as desk:
            desk.page.goto(server.dashboard)
            expect(desk.page.get_by_text("No messages yet.")).to_be_visible()
            assert desk.page.url == f"{server.url}/#/messages"
            desk.page.reload()
            expect(desk.page.get_by_text("No messages yet.")).to_be_visible()
        with opened(browser, server, there, api) as desk:
            desk.page.goto(server.dashboard)
            expect(desk.page.get_by_role("heading", name="Token, please")).to_be_visible()
            expect(desk.told("This link was used already")).to_be_visible()
            desk.page.get_by_label("QSTASH_TOKEN").fill("wrong")
            desk.button("Open").click()
            expect(desk.page.get_by_role("alert").get_by_text("That is not the token")).to_be_visible()
            desk.page.get_by_label("QSTASH_TOKEN").fill(server.token)
            desk.button("Open").click()
            expect(desk.page.get_by_text("No messages yet.")).to_be_visible()
            # The browser reports every 401, whoever expects it.
            assert all("401" in complaint for complaint in desk.complaints)
            desk.complaints.clear()


def test_D5_secrets_are_covered_until_somebody_clicks(desk: Desk) -> None:
    desk.open("settings")
    main = desk.page.get_by_role("main")
    expect(main).to_contain_text("QSTASH_CURRENT_SIGNING_KEY")
    assert desk.server.keys.current not in desk.page.content()
    desk.button("Copy").click()
    expect(desk.told("Copied")).to_be_visible()
    assert desk.page.evaluate("navigator.clipboard.readText()").splitlines() == [
        f"QSTASH_URL={desk.server.url}",
        f"QSTASH_TOKEN={desk.server.token}",
        f"QSTASH_CURRENT_SIGNING_KEY={desk.server.keys.current}",
        f"QSTASH_NEXT_SIGNING_KEY={desk.server.keys.next}",
    ]
    assert desk.server.keys.current not in desk.page.content()
    desk.button("Show").click()
    expect(main).to_contain_text(f"QSTASH_CURRENT_SIGNING_KEY={desk.server.keys.current}")
    desk.button("Shell").click()
    expect(main).to_contain_text(f"export QSTASH_CURRENT_SIGNING_KEY={desk.server.keys.current}")
    desk.button("Compose").click()
    expect(main).to_contain_text(f'  QSTASH_CURRENT_SIGNING_KEY: "{desk.server.keys.current}"')


def test_keys_are_rotated(desk: Desk) -> None:
    desk.open("settings")
    desk.button("Rotate keys").click()
    desk.confirm("Rotate")
    expect(desk.told("Rotated")).to_be_visible()
    assert desk.call("GET", "/v2/keys")["current"] == desk.server.keys.next
    desk.button("Show").click()
    expect(desk.page.get_by_role("main")).to_contain_text(f"QSTASH_CURRENT_SIGNING_KEY={desk.server.keys.next}")


@pytest.fixture
def elsewhere(desk: Desk) -> Desk:
    """The same browser at another site that knows the published token."""
    link = f"<h1>elsewhere</h1><a href='{desk.server.url}/'>a link</a><iframe src='{desk.server.url}/'></iframe>"
    desk.there.say(200, link.encode(), "Content-Type: text/html\r\n")
    desk.page.goto(desk.there.url.replace("127.0.0.1", "localhost"))
    return desk


def test_D3_another_site_can_ask_for_nothing(elsewhere: Desk) -> None:
    calls = """async ([url, token]) => {
        const tried = [
            [`${url}/v2/keys`, {headers: {Authorization: `Bearer ${token}`}}],
            [`${url}/v2/keys?qstash_token=${token}`, {}],
            [`${url}/_local/overview?qstash_token=${token}`, {}],
            [`${url}/dashboard/app.js`, {}],
            [`${url}/v2/publish/https://a.example?qstash_token=${token}`, {method: "POST", body: "x"}],
            [`${url}/v2/publish/https://a.example?qstash_token=${token}`, {method: "POST", body: "x", mode: "no-cors"}],
        ];
        const ask = ([target, options]) => fetch(target, options).then((answer) => answer.type, () => "refused");
        return Promise.all(tried.map(ask));
    }"""
    answers = elsewhere.page.evaluate(calls, [elsewhere.server.url, elsewhere.server.token])
    # Of the last one, the page only learns that something was answered: 403.
    assert answers == ["refused"] * 5 + ["opaque"]
    assert elsewhere.call("GET", "/_local/messages") == {"messages": []}
    elsewhere.complaints.clear()


def test_D4_another_site_cannot_frame_it(elsewhere: Desk) -> None:
    frame = elsewhere.page.frames[1]
    assert "Local QStash" not in frame.content()
    elsewhere.complaints.clear()


def test_a_link_on_another_site_leads_to_it(elsewhere: Desk) -> None:
    elsewhere.page.get_by_role("link", name="a link").click()
    expect(elsewhere.page.get_by_text("No messages yet.")).to_be_visible()
    elsewhere.complaints.clear()
