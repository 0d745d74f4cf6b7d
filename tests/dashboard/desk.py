"""Somebody at the dashboard: the page, the server behind it, and a destination for messages."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

from qstash_integrations.server.app import LocalServer, ServerConfig, running
from tests.dashboard.receiver import Answering, receiver
from tests.server.client import client

# What the browser refused under the page's policy, and whatever ran that should not have.
_WATCH = """
window.refused = [];
window.hacked = 0;
addEventListener("securitypolicyviolation", (event) => refused.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


@dataclass(frozen=True, kw_only=True)
class Desk:
    page: Page
    server: LocalServer
    there: Answering
    api: httpx.Client
    complaints: list[str] = field(default_factory=list[str])  # errors that the browser wrote into its console

    def open(self, view: str) -> None:
        self.page.goto(f"{self.server.url}/#/{view}")

    def publish(self, path: str = "/", body: bytes = b"hi", **options: str) -> str:
        headers = {f"Upstash-{name.replace('_', '-')}": value for name, value in options.items()}
        answer = self.api.post(f"/v2/publish/{self.there.url}{path}", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["messageId"])

    def call(self, method: str, target: str, **options: Any) -> Any:
        answer = self.api.request(method, target, **options)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def button(self, name: str, within: Locator | None = None) -> Locator:
        return (within or self.page.get_by_role("main")).get_by_role("button", name=name, exact=True)

    def row(self, key: str) -> Locator:
        """The table row or card of a message, queue, schedule, flow-control key or URL group."""
        return self.page.locator(f'[data-id="{key}"]')

    def confirm(self, verb: str) -> None:
        self.button(verb, self.page.get_by_role("dialog")).click()

    def unfold(self) -> None:
        """Open whatever can be opened."""
        self.page.locator("details").evaluate_all("all => all.forEach((details) => { details.open = true; })")

    def told(self, text: str) -> Locator:
        return self.page.locator("#notices").get_by_text(text)

    def refused(self) -> list[str]:
        found: list[str] = self.page.evaluate("window.refused ?? []")
        return found


@contextmanager
def opened(
    browser: Browser, server: LocalServer, there: Answering, api: httpx.Client, **options: Any
) -> Generator[Desk]:
    """A fresh browser profile at the dashboard; ``options`` are those of its context."""
    context = browser.new_context(**options)
    context.set_default_timeout(30_000)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(_WATCH)
    page = context.new_page()
    desk = Desk(page=page, server=server, there=there, api=api)

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error":
            desk.complaints.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: desk.complaints.append(str(error)))
    page.on("dialog", lambda dialog: desk.complaints.append(f"dialog: {dialog.message}"))
    try:
        yield desk
        assert desk.refused() == []
        assert page.evaluate("window.hacked ?? 0") == 0
        assert desk.complaints == []
    finally:
        context.close()


@contextmanager
def at_desk(
    browser: Browser, config: ServerConfig | None = None, *, clock: Callable[[], float] = time.time, **options: Any
) -> Generator[Desk]:
    """As ``opened``, at a server of its own."""
    with (
        running(config, clock=clock) as server,
        receiver() as there,
        client(server) as api,
        opened(browser, server, there, api, **options) as desk,
    ):
        yield desk
