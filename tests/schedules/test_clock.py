"""Schedules as code on the moved clock: they tick as they say, in their zone, on either side of a change of clocks."""

from datetime import UTC, datetime
from typing import Any

from qstash_integrations import QStash
from qstash_integrations.schedules import plan, sync, wanted
from qstash_integrations.tasks import schedule
from qstash_integrations.testing import LocalQStash
from tests.schedules.account import OWNER

ORIGIN = "https://testserver"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers 200 to whatever comes."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ticks(cron: str, tz: str | None, now: str, days: int) -> list[str]:
    """When messages were delivered, in UTC."""
    made = schedule("daily", cron, destination=f"{ORIGIN}/report", tz=tz, body={"region": "eu"})
    with LocalQStash(app, now=datetime.fromisoformat(now)) as local:
        client = QStash()
        sync(client, plan(wanted([made], OWNER), client.schedule.list(), OWNER))
        attempts = local.advance(days=days)
    assert {attempt.url for attempt in attempts} == {f"{ORIGIN}/report"}
    assert {("Upstash-Schedule-Id", "shop.prod.daily") in attempt.headers for attempt in attempts} == {True}
    return [attempt.at.astimezone(UTC).strftime("%m-%d %H:%M") for attempt in attempts]


def test_utc_knows_no_summer() -> None:
    assert ticks("0 7 * * *", None, "2027-03-26T12:00:00+00:00", 3) == ["03-27 07:00", "03-28 07:00", "03-29 07:00"]


def test_seven_o_clock_in_berlin_moves_in_spring() -> None:
    found = ticks("0 7 * * *", "Europe/Berlin", "2027-03-26T12:00:00+00:00", 3)
    assert found == ["03-27 06:00", "03-28 05:00", "03-29 05:00"]


def test_and_in_autumn() -> None:
    found = ticks("0 7 * * *", "Europe/Berlin", "2027-10-29T12:00:00+00:00", 3)
    assert found == ["10-30 05:00", "10-31 06:00", "11-01 06:00"]


def test_a_year_is_over_in_a_moment() -> None:
    assert len(ticks("0 7 * * *", "America/New_York", "2027-01-01T00:00:00+00:00", 365)) == 365


def test_syncing_again_does_not_start_it_anew() -> None:
    """Nor is a tick lost or doubled by it."""
    made = schedule("hourly", "0 * * * *", destination=f"{ORIGIN}/report")
    with LocalQStash(app, now=datetime(2027, 1, 1, tzinfo=UTC)) as local:
        client = QStash()
        count = 0
        for retries in range(6):
            made = schedule("hourly", "0 * * * *", destination=f"{ORIGIN}/report", retries=retries)
            sync(client, plan(wanted([made], OWNER), client.schedule.list(), OWNER))
            count += len(local.advance(minutes=30))
    assert count == 3
