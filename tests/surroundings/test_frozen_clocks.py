"""freezegun and time-machine in people's tests: in whatever year, signatures hold and deliveries arrive."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import freezegun
import pytest
import time_machine
from flask import Flask, g

from qstash_integrations import QStash, RetryAfter
from qstash_integrations.flask import verify_qstash
from qstash_integrations.once import MemoryStore
from qstash_integrations.testing import LocalQStash, sign
from tests.hosts import Request, wsgi_send

URL = "https://testserver/hooks/ship"
FROZEN: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "freezegun in the past": lambda: freezegun.freeze_time("2020-02-29"),
    "freezegun in the future": lambda: freezegun.freeze_time("2040-01-01", tick=True),
    "time-machine in the past": lambda: time_machine.travel("2020-02-29", tick=False),
    "time-machine in the future": lambda: time_machine.travel("2040-01-01", tick=True),
}


@pytest.mark.parametrize("frozen", FROZEN.values(), ids=FROZEN)
@pytest.mark.parametrize("is_made_within", [False, True], ids=["app made before", "app made within"])
def test_what_is_published_arrives(frozen: Callable[[], Any], is_made_within: bool) -> None:
    ran: list[bytes] = []

    def make() -> Flask:
        app = Flask("shop")

        @app.post("/hooks/ship")
        @verify_qstash(once=MemoryStore())
        def ship() -> str:
            ran.append(g.qstash_delivery.body)
            if len(ran) == 1:
                raise RetryAfter(60)
            return "shipped"

        return app

    app = None if is_made_within else make()
    with frozen():
        app = app or make()
        with LocalQStash(app) as local:
            with QStash() as qstash:
                qstash.publish(url=URL, body=b"hi", delay="1d")
            assert [attempt.status for attempt in local.run_until_idle()] == [503, 200]
            headers = [*sign(url=URL, body=b"signed").items()]
            assert wsgi_send(app)(Request("/hooks/ship", headers, b"signed")).status == 200
            assert wsgi_send(app)(Request("/hooks/ship", headers, b"forged")).status == 401
            expired = [*sign(url=URL, body=b"hi", exp=0).items()]
            assert wsgi_send(app)(Request("/hooks/ship", expired, b"hi")).status == 401
    assert ran == [b"hi", b"hi", b"signed"]
