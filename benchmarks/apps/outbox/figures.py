"""``python -m benchmarks.apps.outbox.figures KEPT ...``: what one database carries, as JSON, with so many sent rows.

Beside them stands a database of the same server without any, which takes turns. Transactions are committed by hand
where the relay is to send: then nobody knows when to send at once.
"""

import json
import sys
import time
from collections.abc import Sequence
from functools import partial
from io import StringIO
from statistics import median
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - needs the settings
from django.db import connections  # noqa: E402
from django.db.models import F  # noqa: E402

from benchmarks.apps.outbox.models import Order  # noqa: E402
from benchmarks.measure import WALL, ratio, times_each  # noqa: E402
from qstash_integrations.django import qstash  # noqa: E402
from qstash_integrations.django.outbox.models import StoredMessage  # noqa: E402

EMPTY, KEPT = "default", "kept"
SINGLY, TOGETHER, ROUNDS = 200, 2000, 5
TRANSACTIONS, WRITING_ROUNDS = 100, 15
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

_RESTING = {
    "sqlite": ("ANALYZE qstash_outbox", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "postgresql": ("VACUUM (ANALYZE) qstash_outbox", "CHECKPOINT"),
    "mysql": ("ANALYZE TABLE qstash_outbox", "FLUSH TABLES qstash_outbox FOR EXPORT", "UNLOCK TABLES"),
}


def keep(first: int, last: int) -> None:
    """As if these had been sent, and some time ago."""
    with connections[KEPT].cursor() as cursor:
        cursor.execute(_NUMBERED[connections[KEPT].vendor].format(first=first + 1, last=last))


def rest(alias: str) -> None:
    """Wait until the disk has all that was written: a million rows would be measured with those that follow."""
    with connections[alias].cursor() as cursor:
        for statement in _RESTING[connections[alias].vendor]:
            cursor.execute(statement)


def written(alias: str) -> dict[str, float]:
    """Transactions per second, with an order in each, and what a row leaves of them."""
    ways = {
        "without": partial(order, alias),
        "with": partial(order_and_publish, alias),
        "beside none": partial(order_and_publish, EMPTY),
    }
    for each in (EMPTY, KEPT):
        connections[each].set_autocommit(False)
    found = times_each(ways, rounds=WRITING_ROUNDS, clock=WALL, calls=TRANSACTIONS)
    for each in (EMPTY, KEPT):
        connections[each].set_autocommit(True)
        StoredMessage.objects.using(each).filter(due_at__isnull=False).delete()
    return {
        **{name: 1 / median(times) for name, times in found.items()},
        "left": ratio(found, lambda one: one["without"] / one["with"])[0],
        "left beside none": ratio(found, lambda one: one["beside none"] / one["with"])[0],
    }


def order(alias: str) -> None:
    Order.objects.using(alias).create(number=1)
    connections[alias].commit()


def order_and_publish(alias: str) -> None:
    Order.objects.using(alias).create(number=1)
    qstash.outbox.publish(**MESSAGE, using=alias)
    connections[alias].commit()


def relayed(message: dict[str, Any], many: int, aliases: Sequence[str]) -> dict[str, list[float]]:
    """Rows per second, by the command; the databases take turns."""
    rounds = [{alias: _relayed(message, many, alias) for alias in aliases} for _ in range(ROUNDS)]
    return {alias: [one[alias] for one in rounds] for alias in aliases}


def _relayed(message: dict[str, Any], many: int, alias: str) -> float:
    connections[alias].set_autocommit(False)
    for _ in range(many):
        qstash.outbox.publish(**message, using=alias)
    unsent = StoredMessage.objects.using(alias).filter(due_at__isnull=False)
    unsent.update(due_at=F("created_at"))
    connections[alias].commit()
    connections[alias].set_autocommit(True)
    started_at = time.perf_counter()
    call_command("qstash", "outbox", "relay", "--once", "--outbox", alias, stdout=StringIO())
    seconds = time.perf_counter() - started_at
    assert not unsent.exists()
    return many / seconds


def figures(alias: str) -> dict[str, float]:
    rest(EMPTY)
    rest(alias)
    singly = relayed(ALONE, SINGLY, [alias])
    together = relayed(MESSAGE, TOGETHER, [EMPTY, alias])
    return {
        **written(alias),
        "singly": median(singly[alias]),
        "in batches": median(together[alias]),
        "batches beside none": ratio(together, lambda one: one[alias] / one[EMPTY])[0],
    }


def main() -> None:
    for alias in (EMPTY, KEPT):
        call_command("migrate", database=alias, verbosity=0, run_syncdb=True)
    found: dict[str, dict[str, float]] = {}
    there = 0
    for kept in map(int, sys.argv[1:]):
        if kept:
            keep(there, kept)
            there = kept
        found[str(kept)] = figures(KEPT if kept else EMPTY)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
