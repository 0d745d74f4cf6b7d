"""Durations, to and from QStash's spelling."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstash_integrations._core.durations import format_duration, parse_duration

READ: dict[str, tuple[Any, timedelta]] = {
    "a timedelta": (timedelta(minutes=90), timedelta(minutes=90)),
    "seconds": (90, timedelta(seconds=90)),
    "nothing": (0, timedelta()),
    "parts of a second are rounded up": (0.2, timedelta(seconds=1)),
    "a timedelta's too": (timedelta(milliseconds=1001), timedelta(seconds=2)),
    "a bare number counts seconds": ("90", timedelta(seconds=90)),
    "one unit": ("10m", timedelta(minutes=10)),
    "every unit": ("1d2h30m4s", timedelta(days=1, hours=2, minutes=30, seconds=4)),
    "any order": ("4s1d", timedelta(days=1, seconds=4)),
    "a unit twice": ("1h1h", timedelta(hours=2)),
    "decimals": ("1.5h", timedelta(minutes=90)),
    "decimals that no float has": ("1.1h", timedelta(minutes=66)),
    "a bare decimal is rounded up as well": ("1.5", timedelta(seconds=2)),
    "weeks": ("1w", timedelta(days=7)),
    "months, which are no minutes": ("1mo", timedelta(days=30)),
    "years": ("1y", timedelta(days=365)),
    "all of them": ("1y1mo1w1d1h1m1s", timedelta(days=403, hours=1, minutes=1, seconds=1)),
    "as Go writes them": ("1h0m0.5s", timedelta(hours=1, seconds=1)),
    "less than a second": ("1500ms", timedelta(seconds=2)),
    "blanks around it": (" 10m ", timedelta(minutes=10)),
    "ten years": ("3650d", timedelta(days=3650)),
}


@pytest.mark.parametrize(("value", "duration"), READ.values(), ids=READ)
def test_a_duration_is_read(value: Any, duration: timedelta) -> None:
    assert parse_duration(value, "delay") == duration


MALFORMED = [
    "",
    "m",
    ".5h",
    "1h 30m",
    "-1h",
    "+1h",
    "1M",
    "1H",
    "1e3s",
    "1.2.3s",
    "1h30",
    "٣h",
    "1" * 11 + "s",
    "1_0s",
    "one hour",
]


@pytest.mark.parametrize("text", MALFORMED)
def test_another_spelling_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match=r"^delay must look like '90s', '10m' or '1d2h30m', not '"):
        parse_duration(text, "delay")


def test_a_hostile_text_is_shown_only_in_part() -> None:
    with pytest.raises(ValueError, match=r"not 'x{40}'$"):
        parse_duration("x" * 10_000_000, "delay")


@pytest.mark.parametrize(
    "value", [-1, -0.5, timedelta(seconds=-1), 3650 * 86400 + 1, "3651d", float("nan"), float("inf"), 10**400],
    ids=lambda value: str(value)[:20],
)  # fmt: skip
def test_a_duration_out_of_range_is_refused_by_name(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^delay must be between 0 and ten years, not "):
        parse_duration(value, "delay")


@pytest.mark.parametrize("value", [None, True, b"10m", [], object])
def test_another_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^delay must be a timedelta, seconds or a text like '1h30m', not "):
        parse_duration(value, "delay")


WRITTEN = {
    "0s": timedelta(),
    "59s": timedelta(seconds=59),
    "1h30m": timedelta(minutes=90),
    "1d2h30m4s": timedelta(days=1, hours=2, minutes=30, seconds=4),
    "3650d": timedelta(days=3650),
}


@pytest.mark.parametrize(("text", "duration"), WRITTEN.items(), ids=WRITTEN)
def test_a_duration_is_written(text: str, duration: timedelta) -> None:
    assert format_duration(duration) == text


@given(st.integers(0, 3650 * 86400))
def test_what_is_written_reads_back(seconds: int) -> None:
    assert parse_duration(format_duration(timedelta(seconds=seconds)), "delay") == timedelta(seconds=seconds)
