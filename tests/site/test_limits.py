"""The numbers on the pages are those of the code."""

import re
from typing import get_args, get_type_hints

import pytest

from qstash_integrations import Callback, Receiver
from qstash_integrations._core.publishing.manner import TIMEOUT
from qstash_integrations._core.publishing.options import OPTIONS
from qstash_integrations._core.publishing.retry import LONGEST_ALTOGETHER, LONGEST_WAIT, RetryPolicy
from qstash_integrations._core.receiving.guard import BODY_TIMEOUT, MAX_BODY_SIZE
from qstash_integrations._core.receiving.runs import KEPT, LEASE
from qstash_integrations.server.model import Limits, Quota
from qstash_integrations.server.rules.retry import LONGEST, backoff
from tests.site.pages import DOCS

LIMITS = (DOCS / "explanation" / "limits.md").read_text(encoding="utf-8")
DAY, MEBIBYTE = 86_400, 1024 * 1024
PLANS = [
    ("retries", (3, 5, 20), "| retries | 3 | 5 | 20 |"),
    ("timeout", (900, 7200, 43_200), "| time for an answer | 15 minutes | 2 hours | 12 hours |"),
    ("delay", (7 * DAY, 366 * DAY, 3650 * DAY), "| delay | 7 days | 366 days | 10 years |"),
    ("body", (MEBIBYTE, 10 * MEBIBYTE, 50 * MEBIBYTE), "| body of a message | 1 MB | 10 MB | 50 MB |"),
]


def test_deliveries() -> None:
    assert "| retries after the first attempt | 3 |" in LIMITS
    assert OPTIONS["retries"].default == "3"
    assert [int(backoff(n)) for n in (1, 2, 3, 4)] == [12, 2 * 60 + 28, 30 * 60 + 8, 6 * 3600 + 7 * 60 + 6]
    assert (backoff(5), LONGEST) == (86_400, 86_400)
    assert int(sum(map(backoff, (1, 2, 3)))) // 60 == 32


@pytest.mark.parametrize(("name", "limits", "row"), PLANS, ids=[name for name, *_ in PLANS])
def test_plans(name: str, limits: tuple[int, ...], row: str) -> None:
    assert tuple(getattr(Limits.of_quota(quota), name) for quota in get_args(Quota)) == limits
    assert f"{row}\n" in LIMITS


def test_receiving() -> None:
    assert (MAX_BODY_SIZE, BODY_TIMEOUT) == (16 * 1024 * 1024, 30)
    assert (LEASE, KEPT) == (10, 2 * 86_400)
    assert Receiver.__init__.__kwdefaults__["clock_tolerance"] == 5


def test_calls() -> None:
    assert (TIMEOUT, RetryPolicy().retries, LONGEST_WAIT, LONGEST_ALTOGETHER) == (30, 5, 60, 300)


def test_what_is_said_of_a_callback_is_there() -> None:
    page = (DOCS / "howto" / "callbacks.md").read_text(encoding="utf-8")
    table = page.partition("| of a `Callback` | |")[2].partition("\n\n")[0]
    named = {name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1] if row else "")}
    assert named
    assert named <= {*get_type_hints(Callback), "final"}
