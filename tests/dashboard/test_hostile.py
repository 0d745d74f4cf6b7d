"""Whoever publishes, and whoever answers, writes what the dashboard shows: text, whatever it looks like."""

import pytest
from playwright.sync_api import expect

from tests.dashboard.desk import Desk

pytestmark = pytest.mark.system

ATTACKS = (
    "<script>hacked = 1</script>",
    "<img src=x onerror='hacked = 1'>",
    '"><svg onload=hacked=1>',
    "'-hacked=1-'",
    "javascript:hacked=1",
    "</pre></textarea></title><iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "{{constructor.constructor('hacked=1')()}} ${hacked=1}",
    "\u202e\u2066<b onmouseover=hacked=1>x</b>",
    "__proto__",
)
ATTACK = " ".join(ATTACKS)
# Where a URL may hold it unescaped.
IN_URL = "/'-(hacked=1)-';javascript:hacked=1//?q={{hacked=1}}&__proto__=1"


def publish_everything_hostile(desk: Desk) -> list[str]:
    """Every text that a caller chooses, and every text that a destination answers with."""
    desk.there.say(
        500, ATTACK.encode(), "".join(f"X-A{n}: {a}\r\n" for n, a in enumerate(ATTACKS)) + "Content-Type: text/html\r\n"
    )
    common = {
        "Upstash-Label": ",".join(ATTACKS),
        "Upstash-Flow-Control-Key": ATTACKS[1],
        "Upstash-Flow-Control-Value": "rate=100",
        "Upstash-Callback": f"{desk.there.url}{IN_URL}",
        "Upstash-Failure-Callback": f"{desk.there.url}{IN_URL}",
        "Content-Type": "text/html",
        **{f"Upstash-Forward-X-A{n}": attack for n, attack in enumerate(ATTACKS)},
        "Upstash-Forward-__proto__": ATTACK,
        "Upstash-Retries": "0",
    }
    headers = [(name, value.encode()) for name, value in common.items()]
    ids: list[str] = []
    for body in (
        ATTACK.encode(),
        f'{{"__proto__": "{"<script>hacked=1</script>"}"}}'.encode(),
        b"\xff" + ATTACK.encode(),
    ):
        answer = desk.call("POST", f"/v2/publish/{desk.there.url}{IN_URL}", content=body, headers=headers)
        ids.append(answer["messageId"])
    schedule = {"Upstash-Cron": "0 0 1 1 *", "Upstash-Schedule-Id": "__proto__", "Upstash-Queue-Name": "__proto__"}
    headers += [(name, value.encode()) for name, value in schedule.items()]
    desk.call("POST", f"/v2/schedules/{desk.there.url}{IN_URL}", content=ATTACK.encode(), headers=headers)
    desk.call("POST", "/v2/queues", json={"queueName": "__proto__", "parallelism": 1})
    endpoints = [{"url": f"{desk.there.url}{IN_URL}", "name": ATTACK[:200]}]
    desk.call("POST", "/v2/topics/constructor/endpoints", json={"endpoints": endpoints})
    return ids


def test_D1_hostile_texts_run_nothing_anywhere(desk: Desk) -> None:
    page = desk.page
    ids = publish_everything_hostile(desk)
    for view in ("messages", "dead-letters", "schedules", "queues", "groups", "settings"):
        desk.open(view)
        expect(page.get_by_role("main")).to_contain_text("hacked" if view != "settings" else "QSTASH_URL")
        nothing_came_alive(desk)
    for message_id in ids:
        desk.open(f"messages/{message_id}")
        expect(page.locator(".timeline > li").last).to_contain_text("Failed for good")
        desk.unfold()
        for covered in page.get_by_role("button", name="Show").all()[::-1]:
            covered.click()
        for way in ("Text", "Hex", "Pretty"):
            for tab in page.get_by_role("button", name=way, exact=True).all():
                tab.click()
                nothing_came_alive(desk)
        desk.open(f"publish?from={message_id}")
        expect(page.get_by_label("Destination")).to_have_value(f"{desk.there.url}{IN_URL}")
        nothing_came_alive(desk)


def test_hostile_texts_are_shown_as_they_are(desk: Desk) -> None:
    (message_id, *_) = publish_everything_hostile(desk)
    desk.open(f"messages/{message_id}")
    expect(desk.page.get_by_label("Request body")).to_have_text(ATTACK, use_inner_text=False)


@pytest.mark.parametrize(
    "place",
    [
        "messages/<img src=x onerror=hacked=1>",
        "messages/%3Cscript%3Ehacked%3D1%3C%2Fscript%3E",
        "messages?text=<script>hacked=1</script>&state=<b>",
        "publish?to=<script>hacked=1</script>",
        "constructor",
        "__proto__/x",
        "messages/%",
    ],
)
def test_an_address_that_somebody_sent_runs_nothing(desk: Desk, place: str) -> None:
    desk.open(place)
    expect(desk.page.locator("#live")).to_have_text("live")
    nothing_came_alive(desk)
    # The server may well refuse what was asked for.
    desk.complaints.clear()


def test_hostile_parts_of_an_address_change_nothing(desk: Desk) -> None:
    """No address publishes, retries or rotates anything by being opened."""
    sent: list[str] = []
    desk.page.on("request", lambda request: sent.append(request.method))
    for place in ("publish?to=https://a.example/", "settings", "dead-letters", "schedules", "messages?state=failed"):
        desk.open(place)
        expect(desk.page.locator("#live")).to_have_text("live")
    assert set(sent) == {"GET"}


def nothing_came_alive(desk: Desk) -> None:
    """No element that a text could have become."""
    assert desk.page.locator("main :is(script, img, iframe, svg[onload], b[onmouseover], object, embed)").count() == 0
    assert desk.page.locator("main a:not([href^='#'])").count() == 0
    assert desk.page.evaluate("[window.hacked, {}.hacked]") == [0, None]
