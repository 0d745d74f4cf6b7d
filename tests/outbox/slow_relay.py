"""A relay that is about to be told to end; says when it has begun to send: ``python -m tests.outbox.slow_relay``."""

import os
import sys
import time

from qstash_integrations.cli import main
from tests.outbox import shop
from tests.outbox.hand import fake_qstash
from tests.outbox.memory import filled

os.environ["QSTASH_TOKEN"] = "token"
filled(shop.store, 10, body=b"\xff")
with fake_qstash() as fake:

    def before() -> None:
        sys.stdout.write("sending\n")
        sys.stdout.flush()
        time.sleep(0.3)

    fake.before = before
    code = main(["outbox", "relay", "--outbox", "tests.outbox.shop:outbox", "--json"])
    given_back = sum(
        row.due_at is not None and row.due_at <= time.time_ns() // 1_000_000 for row in shop.store.rows.values()
    )
    sys.stdout.write(f"ended {code} {len(fake.accepted) + given_back}\n")
