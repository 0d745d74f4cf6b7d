"""A server that is killed again and again under load: what it accepted is delivered, in order, and not early.

One run of about half a minute, and many looks at what came of it.
"""

import random
import sqlite3
import time
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from qstash_integrations import Receiver
from qstash_integrations.server.app.credentials import DEV_KEYS, DEV_TOKEN
from tests.server.crash import PARALLELISM, FastClock, server
from tests.server.destination import SOON, free_port
from tests.server.load import Arrival, Endpoint, Publisher, endpoint, publishing

pytestmark = pytest.mark.system

KILLS = 20
LONGEST_LIFE = 0.6  # seconds from its first delivery
DELAY = 60  # seconds by the server's clock, which are two
FIRST_RETRY = 12  # seconds by the server's clock, after the attempt that failed
WITHIN = 40.0  # seconds for the rest to arrive, after the last kill


class Run(NamedTuple):
    """What happened. Ticks of the schedule are not among the arrivals of messages."""

    url: str  # of the endpoint
    clock: FastClock
    accepted: dict[str, str]  # id by body
    sent_at: dict[str, float]
    kills: list[float]  # wall time at which all that the killed one had sent was noted
    messages: list[Arrival]
    ticks: list[Arrival]
    delivered: Counter[str]  # log entries by message id
    ticked_at: list[float]  # by the server's clock
    integrity: str


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    db = tmp_path_factory.mktemp("crash") / "qstash.db"
    with endpoint() as there:
        yield crash(there, db)


def crash(there: Endpoint, db: Path) -> Run:
    port, origin = free_port(), float(int(time.time()))
    api = f"http://127.0.0.1:{port}/v2"
    plain, late, flaky, queued = publishers = (
        Publisher("plain", f"{api}/publish/{there.url}/plain"),
        Publisher("late", f"{api}/publish/{there.url}/late", **{"Upstash-Delay": f"{DELAY}s"}),
        Publisher("flaky", f"{api}/publish/{there.url}/flaky"),
        Publisher("queued", f"{api}/enqueue/mail/{there.url}/queued"),
    )
    with server(port, db, origin) as process:
        _line(process)
        _call("POST", f"{api}/schedules/{there.url}/tick", **{"Upstash-Cron": "* * * * *"})
    kills: list[float] = []
    with publishing(*publishers):
        start = 1.0  # seconds
        while len(kills) < KILLS:
            started_at = time.time()
            with server(port, db, origin) as process:
                # One in four is killed while it starts.
                if len(kills) % 4 == 3:
                    time.sleep(random.uniform(0, start))
                else:
                    there.arrived.clear()
                    assert there.arrived.wait(SOON)
                    start = time.time() - started_at
                    time.sleep(random.uniform(0, LONGEST_LIFE))
                process.kill()
                process.wait()
                there.note_all()
                kills.append(time.time())
        with server(port, db, origin) as process:
            _line(process)
            for publisher in publishers:
                publisher.stop()
            accepted = plain.accepted | late.accepted | flaky.accepted | queued.accepted
            _wait_for(there, set(accepted.values()), api)
            delivered = Counter(event["messageId"] for event in _events(api, "DELIVERED"))
            ticked = [event["time"] / 1000 for event in _events(api, "CREATED") if "scheduleId" in event]
    with sqlite3.connect(db) as connection:
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    connection.close()
    return Run(
        url=there.url,
        clock=FastClock(origin),
        accepted=accepted,
        sent_at=plain.sent_at | late.sent_at | flaky.sent_at | queued.sent_at,
        kills=kills,
        messages=[arrival for arrival in there.arrivals if arrival.schedule_id is None],
        ticks=[arrival for arrival in there.arrivals if arrival.schedule_id is not None],
        delivered=delivered,
        ticked_at=sorted(ticked),
        integrity=integrity,
    )


def _line(process: Any) -> str:
    line = process.stdout.readline()
    assert line, "the server did not start again"
    return str(line)


def _call(method: str, url: str, **headers: str) -> Any:
    answer = httpx.request(method, url, headers={"Authorization": f"Bearer {DEV_TOKEN}", **headers}, trust_env=False)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def _events(api: str, state: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = _call("GET", f"{api}/events?state={state}&order=earliestFirst{cursor}")
        found += page["events"]
        if "cursor" not in page:
            return found
        cursor = f"&cursor={page['cursor']}"


def _wait_for(there: Endpoint, message_ids: set[str], api: str) -> None:
    """Until all of them are over, and the schedule has gone on."""
    deadline = time.monotonic() + WITHIN
    enough_ticks = len(_ticks(there)) + 2
    while message_ids - {event["messageId"] for event in _events(api, "DELIVERED")} or (
        len(_ticks(there)) < enough_ticks
    ):
        if time.monotonic() > deadline:
            return
        # The server sleeps by a clock that is faster than its sleep; every change wakes it.
        _call("POST", f"{api}/queues/mail/resume")
        time.sleep(0.1)


def _ticks(there: Endpoint) -> set[str]:
    return {arrival.message_id for arrival in there.arrivals if arrival.schedule_id is not None}


def attempts(arrivals: list[Arrival]) -> dict[tuple[str, int], list[Arrival]]:
    """The arrivals of each attempt, more than one where a kill came between."""
    found: dict[tuple[str, int], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        found[arrival.message_id, arrival.retried].append(arrival)
    return found


def test_it_was_killed_often_enough_under_load(run: Run) -> None:
    assert len(run.kills) >= 20
    names = Counter(body.partition(" ")[0] for body in run.accepted)
    assert min(names[name] for name in ("plain", "late", "flaky", "queued")) >= 20
    assert max(map(len, attempts(run.messages).values())) >= 2, "no kill hit a delivery"


def test_what_was_accepted_is_delivered_and_nothing_else(run: Run) -> None:
    assert {(arrival.body, arrival.message_id) for arrival in run.messages} == set(run.accepted.items())


def test_every_message_ends_once(run: Run) -> None:
    ids = {*run.accepted.values(), *(arrival.message_id for arrival in run.ticks)}
    assert {message_id: run.delivered[message_id] for message_id in ids} == dict.fromkeys(ids, 1)


def test_a_retry_follows_a_failed_attempt(run: Run) -> None:
    made: dict[str, set[int]] = defaultdict(set)
    for arrival in run.messages:
        made[arrival.path].add(arrival.retried)
    assert made == {"/plain": {0}, "/late": {0}, "/queued": {0, 1}, "/flaky": {0, 1}}


def test_at_most_the_requests_in_flight_are_delivered_twice(run: Run) -> None:
    """An attempt is made again only after a kill, once, and each kill has as many as were in flight."""
    repeated: Counter[int] = Counter()
    for arrivals in attempts([*run.messages, *run.ticks]).values():
        for first, second in pairwise(arrivals):
            killed = bisect(run.kills, first.at)
            assert killed < bisect(run.kills, second.at), f"{first.body} arrived twice without a kill between"
            repeated[killed] += 1
    assert max(repeated.values()) <= PARALLELISM


def test_nothing_is_delivered_early(run: Run) -> None:
    for arrival in run.messages:
        if arrival.path == "/late":
            due_at = run.clock.at(run.sent_at[arrival.body]) + DELAY
            assert run.clock.at(arrival.at) >= due_at - 0.001, arrival


def test_no_retry_comes_before_its_time(run: Run) -> None:
    made = attempts(run.messages)
    for (message_id, retried), arrivals in made.items():
        if retried:
            failed_at = made[message_id, retried - 1][-1].at
            assert run.clock.at(arrivals[0].at) - run.clock.at(failed_at) >= FIRST_RETRY, arrivals


def test_the_order_of_a_queue_holds(run: Run) -> None:
    numbers = [int(arrival.body.partition(" ")[2]) for arrival in run.messages if arrival.path == "/queued"]
    assert numbers == sorted(numbers)


def test_schedules_continue_without_a_burst(run: Run) -> None:
    """What was missed is made up for by one message, in the minute in which the server is back."""
    minutes = [at // 60 for at in run.ticked_at]
    assert len(minutes) == len(set(minutes))
    assert len(minutes) >= 5
    assert run.ticked_at[-1] > run.clock.at(run.kills[-1])
    assert len({arrival.message_id for arrival in run.ticks}) == len(minutes)


def test_every_delivery_is_signed(run: Run) -> None:
    receiver = Receiver(DEV_KEYS.current, DEV_KEYS.next, allow_dev_keys=True)
    for arrival in (*run.messages, *run.ticks):
        receiver.verify(signature=arrival.signature, body=arrival.body.encode(), url=f"{run.url}{arrival.path}")


def test_the_file_is_whole(run: Run) -> None:
    assert run.integrity == "ok"
