"""The line that a terminal shows of a delivery."""

import pytest

from qstash_integrations.server.app.lines import line, printable, summary
from qstash_integrations.server.attempt import Attempt
from qstash_integrations.server.model import Options, Outcome
from tests.server.test_attempt import message


def attempt(outcome: Outcome, url: str = "http://127.0.0.1:8000/hook", retried: int = 0) -> Attempt:
    return Attempt(
        message=message(url=url, retried=retried, options=Options(method="PUT")), outcome=outcome, seconds=0.0123
    )


def test_a_line_tells_status_duration_message_and_url() -> None:
    assert line(attempt(Outcome(status=200))) == "200     12 ms  msg_1  PUT  http://127.0.0.1:8000/hook"


def test_a_retry_is_counted_and_a_missing_answer_explained() -> None:
    told = line(attempt(Outcome(status=0, error="Connection refused"), retried=2))
    assert told == "---     12 ms  msg_1  PUT  http://127.0.0.1:8000/hook  (retry 2 of 3)  Connection refused"


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
def test_colours_are_for_terminals_only(status: int, colour: str) -> None:
    assert line(attempt(Outcome(status=status)), colour=True).startswith(f"{colour}{status}\x1b[0m  ")
    assert "\x1b" not in line(attempt(Outcome(status=status)))


@pytest.mark.parametrize(
    ("text", "shown"),
    {
        "plain é 日本": "plain é 日本",
        "a\r\nb": "a\\r\\nb",
        "\x1b[2J": "\\x1b[2J",
        "\u202eabc": "\\u202eabc",
        "\x9b31m": "\\x9b31m",
        "\ud800": "\\ud800",
    }.items(),
)
def test_nothing_in_a_line_can_steer_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
