"""What must hold whatever is called in whatever order: nothing stuck, nothing overtaken, nothing miscounted."""

import sqlite3
from collections import defaultdict
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qstash_integrations.server.model import Filter, Limits, Message, Refused
from qstash_integrations.server.tables import Store
from qstash_integrations.server.tables.database import connect
from tests.server.driver import Driver
from tests.soak import examples

PARALLELISM = 5
LIMITS = {"crm": "parallelism=1", "billing": "rate=2, period=30", "both": "parallelism=2, rate=3, period=60"}

publish = st.tuples(
    st.just("publish"),
    st.fixed_dictionaries(
        {},
        optional={
            "queue": st.sampled_from(["mail", "images"]),
            "flow_control_key": st.sampled_from(sorted(LIMITS)),
            "callback": st.just("https://cb.example"),
            "failure_callback": st.just("https://failed.example"),
            "delay": st.sampled_from(["5s", "40s"]),
            "retries": st.sampled_from(["0", "1"]),
            "deduplication_id": st.sampled_from(["a", "b"]),
        },
    ),
)
act = st.tuples(
    st.sampled_from(
        ["claim", "claim", "succeed", "succeed", "fail", "advance", "pause queue", "resume queue", "widen queue",
         "narrow queue", "delete queue", "pause flow", "resume flow", "reset flow", "cancel", "cancel some", "recover",
         "retry dead", "sweep"]
    ),
    st.integers(0, 5),
)  # fmt: skip


class Walk:
    """A driver that remembers what it is delivering, and checks what it is given."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.driver = Driver(Store(connection), limits=Limits(parallelism=PARALLELISM))
        self.active: list[Message] = []
        self.last_of_mail = 0  # this queue always has parallelism 1
        self.starts: dict[str, list[float]] = defaultdict(list)

    def publish(self, options: dict[str, Any]) -> None:
        if "flow_control_key" in options:
            options = {**options, "flow_control_value": LIMITS[options["flow_control_key"]]}
        self.driver.publish(retry_delay="3000", **options)

    def act(self, name: str, number: int) -> None:
        engine = self.driver.engine
        queue = ("mail", "images")[number % 2]
        key = sorted(LIMITS)[number % 3]
        match name:
            case "claim":
                self.claim()
            case "succeed" | "fail" if self.active:
                message = self.active.pop(number % len(self.active))
                self.driver.answer(message, 200 if name == "succeed" else 500, b"answer")
            case "advance":
                self.driver.advance((0, 1, 3, 30, 60, 700)[number])
            case "pause queue" | "resume queue":
                with suppress(Refused):
                    (engine.queues.pause if name == "pause queue" else engine.queues.resume)(queue)
            case "widen queue":
                engine.queues.upsert("images", 3, False)
            case "narrow queue":
                engine.queues.upsert("images", 1, False)
            case "delete queue":
                engine.queues.delete(queue)
            case "pause flow":
                engine.flows.pause(key)
            case "resume flow":
                engine.flows.resume(key)
            case "reset flow":
                engine.flows.reset_rate(key)
                self.starts[key].clear()
            case "cancel":
                engine.messages.cancel_all(Filter(), 1)
            case "cancel some":
                engine.messages.cancel_all(Filter(urls=("https://cb.example",), queues=()), number)
            case "recover":
                self.active.clear()
                engine.claiming.recover()
            case "retry dead":
                engine.dead_letters.retry_all(Filter(), count=1)
            case "sweep":
                engine.retention.sweep()
            case _:
                pass

    def claim(self) -> None:
        for message in self.driver.claim(3):
            self.active.append(message)
            if message.queue == "mail":
                assert message.seq >= self.last_of_mail, "overtaken in its queue"
                self.last_of_mail = message.seq
            if message.options.flow_control is not None:
                self.starts[message.options.flow_control.key].append(self.driver.now)

    def check(self) -> None:
        assert len(self.active) <= PARALLELISM
        places = [message.url for message in self.active]
        assert all(places.count(place) <= 3 for place in places), "more than half of the slots"
        assert sum(message.queue == "mail" for message in self.active) <= 1
        flows = [message.options.flow_control for message in self.active if message.options.flow_control is not None]
        for flow in flows:
            in_flight = sum(other.key == flow.key for other in flows)
            assert flow.parallelism is None or in_flight <= flow.parallelism
        for key, most, period in (("billing", 2, 30), ("both", 3, 60)):
            starts = self.starts[key]
            # Windows are fixed: two of them can touch, three cannot.
            assert all(sum(start <= at < start + period for at in starts) < 2 * most + 1 for start in starts)
        query = "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM messages WHERE state {} 'done'"
        totals = {
            kind: (messages, size)
            for kind, messages, size in self.connection.execute("SELECT kind, messages, bytes FROM totals")
        }
        assert totals["unfinished"] == self.connection.execute(query.format("<>")).fetchone()
        assert totals["finished"] == self.connection.execute(query.format("=")).fetchone()
        dead = self.connection.execute("SELECT COUNT(*) FROM dead_letters").fetchone()[0]
        assert totals["dead"][0] == dead
        assert dead == self.connection.execute("SELECT COUNT(*) FROM messages WHERE dead").fetchone()[0]

    def drain(self) -> None:
        """Open everything, deliver everything: nothing may be left, and no call may be in vain for ever."""
        engine = self.driver.engine
        for queue in engine.queues.all():
            engine.queues.upsert(queue.name, 1, False)
        for key in LIMITS:
            engine.flows.resume(key)
        for message in self.active:
            self.driver.answer(message)
        for _ in range(1000):
            due_at = engine.claiming.next_due_at()
            if due_at is None:
                break
            self.driver.now = max(self.driver.now, due_at)
            self.driver.deliver()
        assert engine.messages.cancel_all(Filter(), None) == 0
        assert engine.inspection.overview().active == 0


@settings(max_examples=examples(150))
@given(st.lists(st.one_of(publish, publish, act), max_size=60))
def test_whatever_happens_everything_is_delivered_in_order_within_limits(steps: list[tuple[str, Any]]) -> None:
    walk = Walk(connect(None))
    for name, argument in steps:
        if name == "publish":
            walk.publish(argument)
        else:
            walk.act(name, argument)
        walk.check()
    walk.drain()
    walk.driver.engine.close()
