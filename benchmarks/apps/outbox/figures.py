"""``python -m benchmarks.apps.outbox.figures KEPT ...``: what one database carries, as JSON, with so many sent rows.

Transactions are committed by hand where the relay is to send: then nobody knows when to send at once.
"""

import json
import sys
import time
from collections.abc import Callable
from io import StringIO
from statistics import median
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - needs the settings
from django.db import connection  # noqa: E402
from django.db.models import F  # noqa: E402

from benchmarks.apps.outbox.models import Order  # noqa: E402
from benchmarks.measure import WALL, seconds_each  # noqa: E402
from qstash_integrations.django import qstash  # noqa: E402
from qstash_integrations.django.outbox.models import StoredMessage  # noqa: E402

SINGLY, TOGETHER, ROUNDS = 200, 2000, 5
JSON = "application/json"
MESSAGE: Any = {
    "url": "https://api.example.com/ship",
    "body": '{"id":1,"note":"' + "x" * 80 + '"}',
    "content_type": JSON,
}
# No text: the API takes such a body alone.
ALONE: Any = {**MESSAGE, "body": b"\xff" * 100}
# As those that were sent are; the ids are older than any that is made now.
_INTO = (
    "INSERT INTO qstash_outbox (id, destination, headers, created_at, tries, message_id, sent_at)"
    " SELECT {id}, 'https://api.example.com/ship', '[]', 1, 0, 'msg_26hZCxZCuWyyTWPmSVBrNB882AMbwQS9E', {n} FROM "
)
_NUMBERED = {
    "sqlite": _INTO.replace("{id}", "printf('%032x', n)").replace("{n}", "n")
    + "(WITH RECURSIVE n(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM n WHERE n < {last}) SELECT n FROM n)",
    "postgresql": _INTO.replace("{id}", "lpad(to_hex(n), 32, '0')").replace("{n}", "n")
    + "generate_series({first}, {last}) AS n",
    "mysql": _INTO.replace("{id}", "lpad(lower(hex(seq)), 32, '0')").replace("{n}", "seq") + "seq_{first}_to_{last}",
}


def keep(first: int, last: int) -> None:
    """As if these had been sent, and some time ago."""
    with connection.cursor() as cursor:
        cursor.execute(_NUMBERED[connection.vendor].format(first=first + 1, last=last))
        cursor.execute("ANALYZE TABLE qstash_outbox" if connection.vendor == "mysql" else "ANALYZE qstash_outbox")


def written() -> dict[str, float]:
    """Transactions per second, with an order in each."""
    connection.set_autocommit(False)
    ways: dict[str, Callable[[], None]] = {"without": order, "with": order_and_publish}
    found = seconds_each(ways, rounds=ROUNDS, clock=WALL)
    connection.set_autocommit(True)
    StoredMessage.objects.filter(due_at__isnull=False).delete()
    return {name: 1 / seconds for name, seconds in found.items()}


def order() -> None:
    Order.objects.create(number=1)
    connection.commit()


def order_and_publish() -> None:
    Order.objects.create(number=1)
    qstash.outbox.publish(**MESSAGE)
    connection.commit()


def relayed(message: dict[str, Any], many: int) -> float:
    """Rows per second, by the command."""
    rates = [_relayed(message, many) for _ in range(ROUNDS)]
    return median(rates)


def _relayed(message: dict[str, Any], many: int) -> float:
    connection.set_autocommit(False)
    for _ in range(many):
        qstash.outbox.publish(**message)
    StoredMessage.objects.filter(due_at__isnull=False).update(due_at=F("created_at"))
    connection.commit()
    connection.set_autocommit(True)
    started_at = time.perf_counter()
    call_command("qstash", "outbox", "relay", "--once", stdout=StringIO())
    seconds = time.perf_counter() - started_at
    assert not StoredMessage.objects.filter(due_at__isnull=False).exists()
    return many / seconds


def main() -> None:
    call_command("migrate", verbosity=0, run_syncdb=True)
    found: dict[str, dict[str, float]] = {}
    there = 0
    for kept in map(int, sys.argv[1:]):
        if kept:
            keep(there, kept)
            there = kept
        found[str(kept)] = {**written(), "singly": relayed(ALONE, SINGLY), "in batches": relayed(MESSAGE, TOGETHER)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
