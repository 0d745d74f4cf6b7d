"""Ten thousand messages."""

import math

import pytest
from playwright.sync_api import expect

from tests.dashboard.desk import Desk

pytestmark = pytest.mark.system

COUNT = 10_000
# From the moment that somebody has typed until the rows that were asked for are there and drawn.
_FILTERED = """async ([label, text, expected]) => {
    const field = document.querySelector(`input[aria-label="${label}"]`);
    const rows = document.querySelector("tbody");
    const start = performance.now();
    field.value = text;
    field.dispatchEvent(new Event("input", {bubbles: true}));
    const first = () => rows.querySelector("a.row")?.textContent;
    while (rows.rows.length !== expected[0] || !(first() ?? "").endsWith(expected[1])) {
        if (performance.now() - start > 5000) throw new Error(`${rows.rows.length} rows, the first ${first()}`);
        await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
    return performance.now() - start;
}"""


@pytest.fixture
def crowded(desk: Desk) -> Desk:
    def item(number: int) -> dict[str, object]:
        return {
            "destination": f"https://app.example.com/hooks/{number}",
            "headers": {"Upstash-Delay": "1d", "Upstash-Label": f"batch-{number % 50}"},
            "body": f'{{"order": {number}, "text": "{"lorem ipsum " * 20}"}}',
        }

    for start in range(0, COUNT, 1000):
        desk.call("POST", "/v2/batch", json=[item(number) for number in range(start, start + 1000)])
    desk.open("messages")
    expect(desk.page.locator("tbody tr")).to_have_count(100)
    return desk


def test_a_filter_among_ten_thousand_answers_within_200_ms(crowded: Desk) -> None:
    # The oldest messages, so that all of them are looked at.
    searches = [
        ("Text in message", '"order": 7,', [1, "/7"]),
        ("Text in message", "", [100, "/9999"]),
        ("URL contains", "/hooks/42", [100, "/4299"]),
        ("URL contains", "", [100, "/9999"]),
        ("Label", "batch-7", [100, "/9957"]),
        ("Label", "", [100, "/9999"]),
        ("Text in message", "no such text", [0, ""]),
        ("Text in message", "", [100, "/9999"]),
    ]
    best = [math.inf] * len(searches)
    # What else the machine does may spoil a round, or some.
    for _ in range(100):
        took = [crowded.page.evaluate(_FILTERED, list(search)) for search in searches]
        best = [min(pair) for pair in zip(best, took, strict=True)]
        if max(best) < 200:
            break
    assert max(best) < 200


def test_its_pages_are_walked_through(crowded: Desk) -> None:
    page = crowded.page
    first = page.locator("tbody a.row").first
    expect(first).to_have_text("https://app.example.com/hooks/9999")
    crowded.button("Older →").click()
    expect(first).to_have_text("https://app.example.com/hooks/9899")
    crowded.button("Older →").click()
    expect(first).to_have_text("https://app.example.com/hooks/9799")
    crowded.button("← Newer").click()
    expect(first).to_have_text("https://app.example.com/hooks/9899")
