"""The pictures in the README: ``python -m tests.dashboard.screenshots [folder]``, by default into ``docs``.

Ten minutes of a small shop are played through in a few seconds, by a clock that runs fast.
"""

import json
import random
import sys
import time
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from qstash_integrations.server.app import LocalServer, ServerConfig, running
from tests.browsers import program
from tests.dashboard.receiver import Answering, receiver
from tests.server.client import client

SHOP = "https://shop.example.com"
MINUTES = 10
STEP = 5  # seconds
LARGEST = 150 * 1024
SCREEN = (1180, 640)
PHONE = (390, 780)
BUSY = b'{"error": "database is locked", "retry": true}'


class FastClock:
    """Starts in the past and is moved up to now."""

    def __init__(self) -> None:
        self.behind = MINUTES * 60.0

    def __call__(self) -> float:
        return time.time() - self.behind


def main(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    clock = FastClock()
    with receiver() as there:
        config = ServerConfig(port=0, patience=1.0, rewrites=[(SHOP, there.url)])
        with running(config, clock=clock) as server, client(server) as api:
            letter = play(api, there, clock)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=program(), args=["--no-sandbox"])
                picture(browser, server, "messages", folder / "dashboard-messages.png", "light")
                picture(browser, server, f"messages/{letter}", folder / "dashboard-message.png", "dark")
                picture(browser, server, "schedules", folder / "dashboard-schedules.png", "light")
                picture(browser, server, "messages", folder / "dashboard-phone.png", "dark", PHONE)
                browser.close()


def play(api: httpx.Client, there: Answering, clock: FastClock) -> str:
    """Ten minutes with a database that is busy twice; the id of a message that it took several attempts to deliver."""
    dice = random.Random(7)
    schedules(api)
    stubborn = ""
    steps = MINUTES * 60 // STEP
    for step in range(steps):
        clock.behind -= STEP
        is_busy = 60 <= step < 66 or step == steps - 2
        there.say(503 if is_busy else 200, BUSY if is_busy else b'{"ok": true}', "Content-Type: application/json\r\n")
        for number in range(dice.randint(0, 6)):
            order = step * 10 + number
            name, label = dice.choice((("ship", "orders"), ("invoice", "orders,eu"), ("welcome", "signup")))
            message_id = publish(api, f"/hooks/{name}?order={order}", label, order, "0" if number == 3 else "3")
            if 60 <= step < 66 and number != 3:
                stubborn = stubborn or message_id
        time.sleep(0.04)
    publish(api, "/hooks/remind", "signup", 1, "3", **{"Upstash-Delay": "20m"})
    time.sleep(1.0)
    return stubborn


def publish(api: httpx.Client, path: str, label: str, order: int, retries: str, **more: str) -> str:
    headers = {
        "Content-Type": "application/json",
        "Upstash-Label": label,
        "Upstash-Retries": retries,
        "Upstash-Retry-Delay": "12000",
        "Upstash-Forward-Authorization": "Bearer shop-secret",
        **more,
    }
    body = json.dumps({"order": order, "items": ["tea", "honey"], "total": 1290})
    answer = api.post(f"/v2/publish/{SHOP}{path}", headers=headers, content=body)
    answer.raise_for_status()
    return str(answer.json()["messageId"])


def schedules(api: httpx.Client) -> None:
    for schedule_id, cron, path in (
        ("daily-report", "CRON_TZ=Europe/Berlin 0 7 * * *", "/hooks/report"),
        ("clean-up", "*/15 * * * *", "/hooks/clean-up"),
        ("newsletter", "0 9 * * 1", "/hooks/newsletter"),
    ):
        headers = {"Upstash-Cron": cron, "Upstash-Schedule-Id": schedule_id}
        api.post(f"/v2/schedules/{SHOP}{path}", headers=headers).raise_for_status()
    api.post("/_local/schedules/clean-up/run").raise_for_status()
    api.post("/v2/schedules/newsletter/pause").raise_for_status()


def picture(
    browser: Browser, server: LocalServer, view: str, file: Path, colours: str, window: tuple[int, int] = SCREEN
) -> None:
    width, height = window
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if colours == "dark" else "light"
    )
    page = context.new_page()
    page.goto(f"{server.url}/#/{view}")
    page.locator("#live[data-state=up]").wait_for()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file, scale="css")
    context.close()
    size = file.stat().st_size
    assert size <= LARGEST, f"{file} has {size} bytes"
    sys.stdout.write(f"{file}: {size} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
