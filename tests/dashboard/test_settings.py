"""The page of settings: what an app is told, how the server was started, and a new start."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from qstash_integrations.server.app import ServerConfig
from tests.dashboard.desk import Desk, at_desk

pytestmark = pytest.mark.system


def test_it_says_how_the_server_was_started(browser: Browser, tmp_path: Path) -> None:
    config = ServerConfig(
        port=0,
        patience=1.0,
        db=tmp_path / "kept.db",
        allow_hosts=["qstash"],
        rewrites=[("https://shop.example.com", "http://127.0.0.1:8000")],
    )
    with at_desk(browser, config) as desk:
        desk.open("settings")
        main = desk.page.get_by_role("main")
        for text in (
            str(tmp_path / "kept.db"),
            "qstash",
            "https://shop.example.com",
            "10.0 MiB",
            "3 d",
            desk.server.url,
        ):
            expect(main).to_contain_text(text)


def test_a_token_that_may_only_read_is_shown_no_key(browser: Browser) -> None:
    config = ServerConfig(port=0, patience=1.0, read_only_token="ro" * 20)
    with at_desk(browser, config) as desk:
        desk.page.add_init_script(f"sessionStorage.setItem('qstash-token', '{config.read_only_token}')")
        desk.open("settings")
        expect(desk.page.get_by_role("main")).to_contain_text("may only read, so the keys are not shown")
        assert "QSTASH_CURRENT_SIGNING_KEY" not in desk.page.content()
        desk.complaints.clear()  # of the 403


def test_everything_is_cleared_once_somebody_insists(desk: Desk) -> None:
    later = desk.publish("/later", Delay="1h")
    desk.call("POST", f"/v2/schedules/{desk.there.url}", headers={"Upstash-Cron": "0 0 1 1 *"})
    desk.open("settings")
    desk.button("Clear all").click()
    desk.button("Cancel", desk.page.get_by_role("dialog")).click()
    assert desk.call("GET", f"/v2/messages/{later}")["messageId"] == later
    desk.button("Clear all").click()
    desk.confirm("Clear all")
    expect(desk.told("All clear")).to_be_visible()
    assert (desk.call("GET", "/_local/messages")["messages"], desk.call("GET", "/v2/schedules")) == ([], [])
    assert desk.call("GET", "/v2/keys")["current"] == desk.server.keys.current
