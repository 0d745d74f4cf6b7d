"""``cron`` and ``tz``: what is certainly wrong is told where it is written."""

from datetime import UTC, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstash_integrations.server.rules.cron import check_cron
from qstash_integrations.tasks import schedule
from tests.schedules.account import URL
from tests.signing import NOW

TEXTS = {
    "  */10  * * * * ": "*/10 * * * *",
    "0 9 * * mon-fri": "0 9 * * MON-FRI",
    "0 0 29 2 *": "0 0 29 2 *",
    "0 0 31 4,5 *": "0 0 31 4,5 *",
    "0 0 30 2 1": "0 0 30 2 1",
    "0 0 * * 7": "0 0 * * 7",
    "5/15,30-40/5 0 1 jan *": "5/15,30-40/5 0 1 JAN *",
    "TZ=Asia/Kolkata 0 0 * * *": "CRON_TZ=Asia/Kolkata 0 0 * * *",
    "CRON_TZ=Europe/Berlin  0 7 * * *": "CRON_TZ=Europe/Berlin 0 7 * * *",
}
WRONG = {
    "": "cron must have five fields such as '0 7 * * *', not ''",
    "* * * *": "five fields",
    "* * * * * *": "the first field is the minute: there are no seconds",
    "@daily": "QStash knows no words such as @daily",
    "60 * * * *": "cron has 60 as its minute, which goes from 0 to 59",
    "0 24 * * *": "cron has 24 as its hour, which goes from 0 to 23",
    "0 0 0 * *": "cron has 0 as its day of the month, which goes from 1 to 31",
    "0 0 * FEBR *": "cron has 'FEBR' as its month",
    "0 0 * 13 *": "cron has 13 as its month",
    "0 0 * * 8": "cron has 8 as its day of the week",
    "*/0 * * * *": "which is no time at all",
    "0 22-2 * * *": "which is no time at all",
    "1,,2 * * * *": "cron has '' as its minute",
    "0 0 L * *": "cron has 'L' as its day of the month; it takes",
    "0 0 * * 5#2": "cron has '5#2' as its day of the week",
    "0 0 ? * *": "cron has '?' as its day of the month",
    "0 0 31 2 *": "never comes true: no such month has that day",
    "0 0 31 4,6 *": "never comes true",
    "\u0661 * * * *": "five fields",
    "CRON_TZ=Europe/Berln 0 7 * * *": "unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
    "CRON_TZ=../../etc/passwd 0 7 * * *": "unknown time zone",
    "CRON_TZ=Europe 0 7 * * *": "unknown time zone 'Europe'",
    "CRON_TZ= 0 7 * * *": "unknown time zone",
    "CRON_TZ=Europe/Berlin": "five fields",
    ",".join(["1"] * 200) + " * * * *": "may have 256 characters",
}


def cron_of(cron: Any, tz: Any = None) -> str:
    return schedule("daily", cron, destination=URL, tz=tz).cron


@pytest.mark.parametrize(("cron", "text"), TEXTS.items(), ids=TEXTS)
def test_an_expression_is_written_in_one_way(cron: str, text: str) -> None:
    assert cron_of(cron) == text
    assert check_cron(text, NOW) == text


@pytest.mark.parametrize(("cron", "problem"), WRONG.items(), ids=range(len(WRONG)))
def test_what_is_no_expression_is_refused_at_import(cron: str, problem: str) -> None:
    with pytest.raises(ValueError, match=r"^schedule 'daily': cron ") as caught:
        cron_of(cron)
    assert problem in str(caught.value)


@pytest.mark.parametrize("cron", [None, 5, b"* * * * *", ["*"]])
def test_what_is_no_text_is_refused_at_import(cron: object) -> None:
    with pytest.raises(TypeError, match=r"^schedule 'daily': cron must be a text of five fields"):
        cron_of(cron)


@pytest.mark.parametrize("tz", ["Europe/Berlin", ZoneInfo("Europe/Berlin")])
def test_a_zone_stands_in_front(tz: object) -> None:
    assert cron_of("0 7 * * *", tz) == "CRON_TZ=Europe/Berlin 0 7 * * *"


def test_utc_may_be_said() -> None:
    assert cron_of("0 7 * * *", UTC) == cron_of("0 7 * * *", "UTC") == "CRON_TZ=UTC 0 7 * * *"


@pytest.mark.parametrize(
    ("tz", "kind", "problem"),
    [
        ("Europe/Berln", ValueError, "tz has an unknown time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"),
        ("CET+1", ValueError, "tz has an unknown time zone 'CET+1'"),
        ("", ValueError, "tz has an unknown time zone ''"),
        (1, TypeError, "tz must be the name of a time zone"),
        (timezone.min, TypeError, "tz must be the name of a time zone"),
    ],
    ids=["misspelled", "an offset", "empty", "a number", "a fixed offset"],
)
def test_a_zone_that_is_none(tz: object, kind: type[Exception], problem: str) -> None:
    with pytest.raises(kind) as caught:
        cron_of("0 7 * * *", tz)
    assert str(caught.value).startswith(f"schedule 'daily': {problem}")


def test_two_zones_are_one_too_many() -> None:
    with pytest.raises(TypeError, match=r"cron has a time zone, and so has tz; give one of them"):
        cron_of("CRON_TZ=Europe/Berlin 0 7 * * *", "Europe/Berlin")


def items(first: int, last: int) -> st.SearchStrategy[str]:
    number = st.integers(first, last)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    base = st.one_of(st.just("*"), number.map(str), span)
    stepped = st.tuples(st.one_of(st.just("*"), span), st.integers(1, last)).map(lambda pair: f"{pair[0]}/{pair[1]}")
    return st.lists(st.one_of(base, stepped), min_size=1, max_size=3).map(",".join)


@given(st.tuples(items(0, 59), items(0, 23), items(1, 28), items(1, 12), items(0, 6)).map(" ".join))
def test_what_is_accepted_here_is_accepted_by_the_local_server(cron: str) -> None:
    assert check_cron(cron_of(cron), NOW) == cron
