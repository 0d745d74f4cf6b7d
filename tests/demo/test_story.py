"""The demo counts as a success only when every message came exactly as it should have."""

from typing import Any

import pytest

from qstash_integrations.demo.clock import SECONDS_BEFORE, MinuteClock
from qstash_integrations.demo.story import HOPELESS, RETRIED, SCHEDULED, SHIPPED, Story
from qstash_integrations.server.attempt import Attempt
from qstash_integrations.server.model import Message, Options, Outcome


def attempt(message_id: str, status: int, schedule_id: str | None = None) -> Attempt:
    fields: dict[str, Any] = dict.fromkeys(Message.__dataclass_fields__)
    message = Message(**{**fields, "id": message_id, "schedule_id": schedule_id, "options": Options(), "retried": 0})
    return Attempt(message=message, outcome=Outcome(status=status), seconds=0.01)


STORIES = {
    "delivered at once": (SHIPPED, [200], True),
    "nothing came": (SHIPPED, [], False),
    "refused by the app": (SHIPPED, [401], False),
    "delivered twice": (SHIPPED, [200, 200], False),
    "failed and came again": (RETRIED, [503, 200], True),
    "failed and did not come again": (RETRIED, [503], False),
    "did not fail": (RETRIED, [200], False),
    "given up": (HOPELESS, [489], True),
    "tried again although it was hopeless": (HOPELESS, [489, 489], False),
}


@pytest.mark.parametrize(("kind", "statuses", "complete"), STORIES.values(), ids=STORIES)
def test_a_message_must_come_as_expected(kind: str, statuses: list[int], complete: bool) -> None:
    story = Story()
    story.expect("msg_1", "flask", kind)
    for status in statuses:
        story.watch(attempt("msg_1", status))
    assert story.is_complete is complete
    assert bool(story.problems()) is not complete


def test_an_attempt_may_be_faster_than_the_answer_to_the_publisher() -> None:
    story = Story()
    story.watch(attempt("msg_1", 200))
    assert story.next_attempt(0) is None
    story.expect("msg_1", "flask", SHIPPED)
    told = story.next_attempt(0)
    assert told is not None
    assert (told[0].app, told[1].outcome.status) == ("flask", 200)


def test_a_schedule_is_known_by_its_own_id() -> None:
    story = Story()
    story.expect_tick("scd_1", "starlette")
    assert story.problems() == ["starlette, scheduled: expected the answers (200,), saw ()"]
    story.watch(attempt("msg_9", 200, "scd_1"))
    assert story.is_complete


def test_the_messages_of_a_kind_are_known_by_id() -> None:
    story = Story()
    story.expect("msg_1", "flask", HOPELESS)
    story.expect("msg_2", "flask", SHIPPED)
    story.expect_tick("scd_1", "flask")
    assert (story.messages(HOPELESS), story.messages(SCHEDULED)) == (["msg_1"], [])


def test_the_clock_waits_shortly_before_a_full_minute() -> None:
    clock = MinuteClock()
    assert clock() % 60 == 60 - SECONDS_BEFORE
    assert clock() == clock()
    clock.start()
    assert clock() > 60 - SECONDS_BEFORE
