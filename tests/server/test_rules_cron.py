"""Cron expressions: five fields, time zones, and the two nights on which clocks are set."""

from datetime import UTC, datetime

import pytest

from qstash_integrations.server.model import Refused
from qstash_integrations.server.rules.cron import check_cron, next_tick

NOW = datetime(2027, 1, 15, 8, 0, 30, tzinfo=UTC).timestamp()


def ticks(cron: str, after: str, count: int) -> list[str]:
    """The next moments, in UTC."""
    at: float | None = datetime.fromisoformat(after).timestamp()
    found: list[str] = []
    for _ in range(count):
        assert at is not None
        at = next_tick(cron, at)
        assert at is not None
        found.append(datetime.fromtimestamp(at, UTC).strftime("%d %H:%M"))
    return found


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("* * * * *", "2027-01-15T08:00:30Z", ["15 08:01", "15 08:02"]),
        ("*/10 * * * *", "2027-01-15T08:00:00Z", ["15 08:10", "15 08:20"]),
        ("0 9 * * MON-FRI", "2027-01-15T08:00:00Z", ["15 09:00", "18 09:00"]),
        ("0 0 13 * 5", "2027-01-12T08:00:00Z", ["13 00:00", "15 00:00"]),
        ("0 0 29 2 *", "2027-01-15T08:00:00Z", ["29 00:00"]),
        ("CRON_TZ=Europe/Berlin 0 7 * * *", "2027-01-15T05:59:59Z", ["15 06:00", "16 06:00"]),
        ("TZ=Asia/Kolkata 0 0 * * *", "2027-01-15T08:00:00Z", ["15 18:30"]),
        ("CRON_TZ=Europe/Berlin 30 2 * * *", "2027-03-26T12:00:00Z", ["27 01:30", "28 01:00", "29 00:30"]),
        ("CRON_TZ=Europe/Berlin 30 2 * * *", "2027-10-29T12:00:00Z", ["30 00:30", "31 00:30", "01 01:30"]),
        ("CRON_TZ=Europe/Berlin 0 * * * *", "2027-10-30T23:30:00Z", ["31 00:00", "31 01:00", "31 02:00"]),
        ("CRON_TZ=Europe/Berlin 0 * * * *", "2027-03-27T23:30:00Z", ["28 00:00", "28 01:00", "28 02:00"]),
    ],
    ids=[
        "every minute", "step", "weekdays", "day of month or week", "leap day", "Berlin in winter", "half-hour zone",
        "the skipped hour", "the hour that comes twice", "hourly when one comes twice", "hourly when one is skipped",
    ],
)  # fmt: skip
def test_the_next_moments(cron: str, after: str, expected: list[str]) -> None:
    assert ticks(cron, after, len(expected)) == expected


def test_an_expression_is_trimmed() -> None:
    assert check_cron("  */10 * * * * ", NOW) == "*/10 * * * *"
    assert check_cron("CRON_TZ=Europe/Berlin 0 7 * * *", NOW) == "CRON_TZ=Europe/Berlin 0 7 * * *"


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "   ",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "*/0 * * * *",
        "a * * * *",
        "@daily",
        "0 0 31 2 *",
        "0 0 30 2 1-5/9 *",
        "CRON_TZ=Mars/Olympus * * * * *",
        "CRON_TZ=../../etc/passwd * * * * *",
        "CRON_TZ=Europe * * * * *",
        "CRON_TZ= * * * * *",
        "\u0661 * * * *",
        "* " * 200,
    ],
)
def test_what_is_no_expression_is_refused(cron: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_cron(cron, NOW)
    assert refusal.value.status == 400
    assert "cron" in refusal.value.text.lower()


@pytest.mark.parametrize(
    ("cron", "remedy"),
    [
        ("@daily", "write '0 0 * * *' for @daily"),
        ("@Midnight", "write '0 0 * * *' for @midnight"),
        ("@hourly", "write '0 * * * *' for @hourly"),
        ("@weekly", "write '0 0 * * 0' for @weekly"),
        ("@monthly", "write '0 0 1 * *' for @monthly"),
        ("@yearly", "write '0 0 1 1 *' for @yearly"),
        ("@annually", "write '0 0 1 1 *' for @annually"),
        ("CRON_TZ=Europe/Berlin @daily", "write '0 0 * * *' for @daily"),
        ("@every 1h", "there is no @every"),
        ("@reboot", "there is no @reboot"),
        ("CRON_TZ=Europe/Berlin", "after CRON_TZ="),
        ("cron_tz=Europe/Berlin 0 7 * * *", "in capitals"),
        ("0 0 7 * * *", "six fields"),
        ("* * *", "five fields"),
    ],
)
def test_what_other_crons_know_is_refused_with_what_to_write(cron: str, remedy: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_cron(cron, NOW)
    assert refusal.value.status == 400
    assert remedy in refusal.value.text
