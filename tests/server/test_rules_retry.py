"""When to try again, and how long an expression says to wait."""

import pytest

from qstash_integrations.server.model import Outcome, Refused
from qstash_integrations.server.rules.expression import check_expression, retry_delay_ms
from qstash_integrations.server.rules.retry import backoff, demanded_wait, wait

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("n", "seconds"), [(1, 12.18), (2, 148.41), (3, 1808.04), (4, 22026.47), (5, 86400), (6, 86400), (10**6, 86400)]
)
def test_the_default_backoff(n: int, seconds: float) -> None:
    assert round(backoff(n), 2) == seconds


@pytest.mark.parametrize(("retried", "retries", "tries"), [(0, 0, False), (0, 1, True), (2, 3, True), (3, 3, False)])
def test_retries_are_counted_without_the_first_attempt(retried: int, retries: int, tries: bool) -> None:
    seconds = wait(Outcome(status=500), retried=retried, retries=retries, retry_delay="1000", now=NOW)
    assert (seconds is not None) == tries


def test_a_demand_gives_no_more_retries() -> None:
    outcome = Outcome(status=503, headers=(("Retry-After", "1"),))
    assert wait(outcome, retried=3, retries=3, retry_delay=None, now=NOW) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("10", 10),
        (" 10 ", 10),
        ("1.5", 1.5),
        ("86400", 86400),
        ("86401", None),
        ("99999999999999999999", None),
        ("-1", None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("\u0661", None),
        ("6m5s", 365),
        ("1h0m0.5s", 3600.5),
        ("250ms", 0.25),
        ("5us", 5e-6),
        ("5µs", 5e-6),
        ("7ns", 7e-9),
        ("25h", None),
        ("5 m", None),
        ("5x", None),
        ("Fri, 15 Jan 2027 08:05:00 GMT", 300),
        ("Fri, 15 Jan 2027 07:59:00 GMT", 0),
        ("Mon, 18 Jan 2027 08:00:00 GMT", None),
        ("Fri, 32 Jan 2027 08:00:00 GMT", None),
        ("Fri, 15 Jan 2027 08:05:00", None),
        ("1h" * 40, None),
    ],
)
def test_what_an_answer_can_demand(value: str, seconds: float | None) -> None:
    demanded = demanded_wait(Outcome(status=503, headers=(("Retry-After", value),)), NOW)
    assert demanded == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "retried", "milliseconds"),
    [
        ("15000", 0, 15000),
        ("7000 * retried", 0, 0),
        ("7000 * retried", 2, 14000),
        ("1000 * (1 + retried)", 2, 3000),
        ("pow(2, retried) * 1000", 3, 8000),
        ("max(1000, pow(2, retried) * 100)", 1, 1000),
        ("min(1000, 500)", 0, 500),
        ("sqrt(16) + abs(-3) + floor(1.9) + ceil(1.1) + round(2.6)", 0, 13),
        ("exp(0)", 0, 1),
        ("-5", 0, 0),
        ("+5 - 7 / 2", 0, 1.5),
        ("1000 / retried", 0, None),
        ("1000 / retried", 4, 250),
        ("sqrt(retried - 1)", 0, None),
        ("pow(10, 400)", 0, 86_400_000),
        ("exp(1000)", 0, 86_400_000),
        ("1e999", 0, 86_400_000),
        ("1e999 - 1e999", 0, None),
        ("floor(1e999)", 0, 86_400_000),
        ("pow(7, pow(7, 9))", 0, 86_400_000),
        ("99999999 * 99999999", 0, 86_400_000),
    ],
)
def test_expressions_have_a_value(text: str, retried: int, milliseconds: float | None) -> None:
    assert check_expression(text) == text
    assert retry_delay_ms(text, retried) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "retried +",
        "1000 1000",
        "now",
        "retried.real",
        "__import__('os')",
        "'a' * 1000",
        "True",
        "None",
        "1j",
        "[1]",
        "(1, 2)",
        "{1: 2}",
        "lambda: 1",
        "2 ** 3",
        "5 % 2",
        "5 // 2",
        "1 << 9",
        "~1",
        "not 1",
        "1 < 2",
        "1 if retried else 2",
        "x := 1",
        "f'{retried}'",
        "pow(2)",
        "pow(1, 2, 3)",
        "min(1)",
        "max()",
        "eval(1)",
        "pow(x=1, y=2)",
        "sqrt(*retried)",
        "pow",
        "1" * 257,
        "1+" * 60 + "1",
        "\x00",
    ],
)
def test_what_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_expression(text)
    assert refusal.value.status == 400
    assert refusal.value.text.startswith("invalid Upstash-Retry-Delay")
