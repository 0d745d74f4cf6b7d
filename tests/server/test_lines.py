"""The lines that tell what happens: never wider than the terminal, and without bodies and secrets."""

import io
from dataclasses import replace
from typing import Any

import pytest

from qstash_integrations._core.texts import printable
from qstash_integrations.server.app.lines import (
    Line,
    of_attempt,
    of_news,
    shown,
    summary,
    summary_of_news,
)
from qstash_integrations.server.app.terminal import columns, cut, cut_in_the_middle, shows_colours, width_of
from qstash_integrations.server.attempt import Attempt
from qstash_integrations.server.model import CallbackOptions, Headline, Note, Options, Outcome
from tests.server.driver import NOW
from tests.server.test_attempt import message

HOOK = "http://127.0.0.1:8000/hook"
ID = "msg_26hZCxZCuWyyTWPmSVBrNB"
HEADLINE = Headline(
    seq=1, state="CREATED", at=NOW, next_at=NOW, id=ID, url=HOOK, options=Options(), caller_ip="203.0.113.9",
    queue=None, queue_paused=False, flow_key=None, flow_paused=False, topic=None, schedule_id=None, callback_of=None,
)  # fmt: skip


def attempt(outcome: Outcome, url: str = HOOK, retried: int = 0, then: str | None = None) -> Attempt:
    return Attempt(
        message=message(url=url, retried=retried, options=Options(method="PUT")),
        outcome=outcome,
        seconds=0.0123,
        then=replace(HEADLINE, state=then, next_at=NOW + 12) if then else None,
    )


def piped(line: Line) -> str:
    (row,) = shown(line, at="12:00:00", width=None, colour=False)
    return row


def line(made: Attempt) -> str:
    told = of_attempt(made, dashboard="http://127.0.0.1:8080/", now=NOW, is_short=False)
    return piped(told).removeprefix("12:00:00  ")


def test_a_line_tells_status_duration_message_and_url() -> None:
    assert line(attempt(Outcome(status=200))) == f"200           12 ms  msg_1  PUT  {HOOK}"


def test_a_retry_is_counted_and_a_missing_answer_explained() -> None:
    told = line(attempt(Outcome(status=0, error="Connection refused"), retried=2))
    assert told == f"---           12 ms  msg_1  PUT  {HOOK}  (retry 2 of 3)  Connection refused"


def test_what_follows_is_told_with_the_attempt() -> None:
    assert "(in 12 s)" in line(attempt(Outcome(status=500), then="RETRY"))
    assert line(attempt(Outcome(status=500), retried=3, then="FAILED")).endswith(
        "(retry 3 of 3)  dead letter: all 3 retries failed; see and retry it at http://127.0.0.1:8080/#/dead-letters"
    )
    assert line(attempt(Outcome(status=500), then="CANCELED")).endswith("  cancelled")
    enough = Outcome(status=489, headers=(("Upstash-Nonretryable-Error", "true"),))
    assert "dead letter: the answer says that trying again is of no use; " in line(attempt(enough, then="FAILED"))


CALLED = CallbackOptions(url=HOOK, headers=(("Upstash-Workflow-StepName", "the\x1b price"),))
ERRANDS = {
    "the start of a run": ({"call_type": "step"}, "run wfr_1  start"),
    "a step": ({"call_type": "step", "step_name": "one"}, "run wfr_1  step one"),
    "a call": (
        {"call_type": "toCallback", "options": Options(callback=CALLED)},
        r"run wfr_1  call of step the\x1b price",
    ),
    "what a call came to": (
        {"call_type": "fromCallback", "options": Options(headers=CALLED.headers)},
        r"run wfr_1  result of step the\x1b price",
    ),
    "a failure": ({"call_type": "failureCall"}, "run wfr_1  failure"),
    "a step with a long name": ({"call_type": "step", "step_name": "x" * 50}, f"run wfr_1  step {'x' * 40}..."),
}


@pytest.mark.parametrize(("fields", "facts"), ERRANDS.values(), ids=ERRANDS)
def test_what_is_done_for_a_workflow_run_says_which_and_what(fields: dict[str, Any], facts: str) -> None:
    made = attempt(Outcome(status=200))
    made = replace(made, message=replace(made.message, run_id="wfr_1", **fields))
    assert line(made).endswith(f"  {HOOK}  {facts}")
    news = replace(HEADLINE, run_id="wfr_1", caller_ip="", **fields)
    assert piped(of_news(news, now=NOW, is_short=False)).endswith(f"  {HOOK}  {facts}")


def test_machines_are_told_of_the_run_and_the_step() -> None:
    made = attempt(Outcome(status=200))
    errand = {"run_id": "wfr_1", "call_type": "step", "step_name": "one"}
    told = summary(replace(made, message=replace(made.message, **errand)))
    accepted = summary_of_news(replace(HEADLINE, **errand))
    names = ("workflowRunId", "callType", "stepName")
    assert [[found[name] for name in names] for found in (told, accepted)] == [["wfr_1", "step", "one"]] * 2


def test_what_has_answered_without_a_workflow_sdk_is_a_dead_letter_that_says_so() -> None:
    assert "dead letter: it is no Workflow SDK that has answered; " in line(attempt(Outcome(status=200), then="FAILED"))


ACCEPTED = f"accepted             {ID}  POST  {HOOK}"
ORIGINS = {
    "a caller": (HEADLINE, "  from 203.0.113.9"),
    "a schedule": (replace(HEADLINE, schedule_id="daily"), "  schedule daily fired"),
    "a callback": (replace(HEADLINE, callback_of="msg_2"), "  callback of msg_2"),
    "a paused queue": (replace(HEADLINE, queue="mail", queue_paused=True), "  queue mail (paused)  from 203.0.113.9"),
    "a URL group": (replace(HEADLINE, topic="all"), "  group all  from 203.0.113.9"),
}


@pytest.mark.parametrize(("news", "facts"), ORIGINS.values(), ids=ORIGINS)
def test_what_was_accepted_says_where_it_comes_from(news: Headline, facts: str) -> None:
    assert piped(of_news(news, now=NOW, is_short=False)) == f"12:00:00  {ACCEPTED}{facts}"


def test_what_was_accepted_for_later_says_when_it_is_due() -> None:
    told = piped(of_news(replace(HEADLINE, next_at=NOW + 600), now=NOW, is_short=False))
    assert "  due " in told
    assert "(in 10 min)" in told


def test_what_waited_and_was_cancelled_and_what_was_paused_is_told() -> None:
    cancelled = of_news(replace(HEADLINE, state="CANCELED"), now=NOW, is_short=False)
    assert piped(cancelled) == f"12:00:00  cancelled            {ID}  POST  {HOOK}"
    assert piped(of_news(Note(at=NOW, text="queue mail paused"), now=NOW, is_short=False)).endswith("queue mail paused")


URLS = [HOOK, "https://a.example/" + "long/" * 60, "https://日本.example/" + "日本" * 40, "http://h/\u0301" * 30]


@pytest.mark.parametrize("width", [1, 5, 20, 40, 79, 80, 120, 200])
@pytest.mark.parametrize("url", URLS)
def test_no_line_is_wider_than_the_terminal(width: int, url: str) -> None:
    sentence = "nobody listens on 127.0.0.1:8000 (Connection refused); start your app there, or publish to its port"
    made = attempt(Outcome(status=0, error=f"{sentence} {url}"), url, retried=2, then="RETRY")
    crowded = replace(HEADLINE, url=url, queue="mail" * 20, topic="all", callback_of=ID, next_at=NOW + 9)
    told = [
        of_attempt(made, dashboard="http://127.0.0.1:8080/", now=NOW, is_short=True),
        of_news(crowded, now=NOW, is_short=True),
        of_news(Note(at=NOW, text=url), now=NOW, is_short=True),
    ]
    for one in told:
        rows = shown(one, at="12:00:00", width=width, colour=False)
        assert max(map(columns, rows)) <= width
        assert all(row.strip() for row in rows) or width < 5


def test_a_terminal_shows_short_ids_and_both_ends_of_a_url() -> None:
    told = of_news(replace(HEADLINE, url="http://127.0.0.1:8000/" + "x" * 100 + "/ship"), now=NOW, is_short=True)
    (row,) = shown(told, at="12:00:00", width=110, colour=False)
    assert "  msg_26hZCxZC  " in row
    assert "http://127" in row
    assert "/ship  from 203.0.113.9" in row


def test_wide_characters_take_two_columns_and_accents_none() -> None:
    assert (columns("日本"), columns("e\u0301"), columns("abc")) == (4, 1, 3)
    assert cut("日本語", 4) == "日…"
    assert cut_in_the_middle("abcdefghij", 6) == "ab…hij"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_width_is_that_of_columns_and_only_of_a_terminal() -> None:
    assert width_of(Terminal(), {"COLUMNS": "57"})() == 57
    assert width_of(Terminal(), {"COLUMNS": "x"})() == 80
    assert width_of(io.StringIO(), {"COLUMNS": "57"})() is None


@pytest.mark.parametrize(
    ("stream", "environ", "shows"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
        (io.StringIO(), {"FORCE_COLOR": "0"}, False),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals_unless_the_environment_says_otherwise(
    stream: io.StringIO, environ: dict[str, str], shows: bool
) -> None:
    assert shows_colours(stream, environ) is shows


def test_a_query_may_hold_secrets_and_is_left_out() -> None:
    assert line(attempt(Outcome(status=200), "https://a.example/x?key=secret")).endswith("https://a.example/x?...")


def test_a_summary_has_neither_query_nor_colours() -> None:
    outcome = Outcome(status=0, error="Connection refused")
    assert summary(attempt(outcome, "https://a.example/x?key=secret", retried=2)) == {
        "status": 0,
        "milliseconds": 12.3,
        "messageId": "msg_1",
        "method": "PUT",
        "url": "https://a.example/x",
        "retried": 2,
        "maxRetries": 3,
        "error": "Connection refused",
    }


TASK = "http://localhost:5000/qstash/tasks/shop.tasks.ship"


@pytest.mark.parametrize("query", ["id=0a1b&at=1770000000000&of=5", "of=0"])
def test_a_task_is_told_by_its_name(query: str) -> None:
    made = attempt(Outcome(status=200), f"{TASK}?{query}")
    assert line(made).endswith("task  shop.tasks.ship")
    assert (summary(made)["task"], summary(made)["url"]) == ("shop.tasks.ship", TASK)


@pytest.mark.parametrize("query", ["", "of=", "id=1&of=3", "at=1&of=3", "page=2&of=5", "of=5&x=1", "of=5#x"])
def test_what_is_no_call_of_a_task_is_told_by_its_url(query: str) -> None:
    made = attempt(Outcome(status=200), f"{TASK}?{query}")
    assert "PUT  http://localhost" in line(made)
    assert "task" not in summary(made)


def test_an_endless_url_is_cut() -> None:
    assert len(line(attempt(Outcome(status=200), "https://a.example/" + "x" * 5000))) < 300


@pytest.mark.parametrize(
    ("status", "colour"),
    {200: "\x1b[32m", 404: "\x1b[31m", 500: "\x1b[31m", 503: "\x1b[33m", 429: "\x1b[33m", 302: "\x1b[31m"}.items(),
)
def test_a_status_has_its_colour(status: int, colour: str) -> None:
    told = of_attempt(attempt(Outcome(status=status)), dashboard="", now=NOW, is_short=True)
    (row,) = shown(told, at="12:00:00", width=100, colour=True)
    assert row.startswith(f"12:00:00  {colour}{status}\x1b[0m  ")


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "plain é 日本": "plain é 日本",
        "a\r\nb": "a\\r\\nb",
        "\x1b[2J": "\\x1b[2J",
        "\u202eabc": "\\u202eabc",
        "\x9b31m": "\\x9b31m",
        "\ud800": "\\ud800",
    }.items(),
)
def test_nothing_in_a_line_can_steer_the_terminal(text: str, expected: str) -> None:
    assert printable(text) == expected
