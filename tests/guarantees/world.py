"""A shop with its database and its QStash, the processes of which can be killed and have clocks of their own."""

import json
import signal
import time
from collections import Counter
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from qstash_integrations.server.app import environment, running
from qstash_integrations.server.attempt import Attempt
from tests.databases import Database
from tests.guarantees.actors import Actor, Actors, actors
from tests.guarantees.gate import Gate, gate
from tests.guarantees.ledger import Ledger
from tests.guarantees.processes import Workers
from tests.server.destination import free_port
from tests.waiting import wait_until

SHOPS = ("django_shop", "flask_shop", "fastapi_shop")
_RELAYS = {
    "django_shop": ("django", "qstash", "outbox", "relay"),
    "flask_shop": ("qstash_integrations", "outbox", "relay", "--outbox", "tests.guarantees.shops.flask_shop:outbox"),
    "fastapi_shop": (
        "qstash_integrations",
        "outbox",
        "relay",
        "--outbox",
        "tests.guarantees.shops.fastapi_shop:outbox",
    ),
}
_ENVIRONS = {"django_shop": {"DJANGO_SETTINGS_MODULE": "tests.guarantees.shops.django_settings"}}
_WORKERS = {
    "django_shop": "gthread --threads 4",
    "flask_shop": "gthread --threads 4",
    "fastapi_shop": "uvicorn_worker.UvicornWorker",
}


def shop_environment(shop: str, database: Database, qstash: dict[str, str], **more: str) -> dict[str, str]:
    return {**qstash, "SHOP_DATABASE": json.dumps(asdict(database)), **_ENVIRONS.get(shop, {}), **more}


def relay_command(shop: str, *options: str) -> tuple[str, ...]:
    return (*_RELAYS[shop], *options)


def web(shop: str, place: Path, environ: dict[str, str], port: int, workers: int) -> Workers:
    # It would end only when QStash closes the connections that it keeps.
    command = f"gunicorn --no-control-socket --graceful-timeout 0 --preload --workers {workers} --log-level warning"
    serving = f"--bind 127.0.0.1:{port} --worker-class {_WORKERS[shop]} tests.guarantees.shops.{shop}:app"
    return Workers(place / "web", environ, *command.split(), *serving.split(), port=port)


def create_tables(actors: Actors) -> None:
    made = actors.act("create")
    assert made.ended() == 0, made.printed


class MovedClock:
    def __init__(self) -> None:
        self.ahead = 0.0  # seconds

    def __call__(self) -> float:
        return time.time() + self.ahead


class World:
    """Every row is kept, so that it tells what became of it."""

    def __init__(self, database: Database) -> None:
        self.ledger = Ledger(database)
        self.clock = MovedClock()  # QStash's
        self._delivered: Counter[int] = Counter()

    def open(self, actors: Actors, gate: Gate) -> "World":
        self.actors, self.gate = actors, gate
        return self

    def order(self, number: int, *how: str, clock: float = 0.0) -> Actor:
        return self.actors.act("order", str(number), *how, clock=clock)

    def killed_order(self, number: int, *how: str, clock: float = 0.0) -> None:
        ordered = self.order(number, *how, clock=clock)
        assert ordered.ended() == -signal.SIGKILL, ordered.printed

    def relay(self, *, clock: float = 0.0) -> Actor:
        """Everything that is due on this clock."""
        return self.actors.act("relay", clock=clock)

    def relayed(self, *, clock: float = 0.0) -> None:
        relay = self.relay(clock=clock)
        assert relay.ended() == 0, relay.printed

    def messages(self, number: int) -> int:
        """How many QStash has accepted."""
        return self.gate.messages[number]

    def delivered(self, number: int) -> int:
        """How often it was answered 2xx."""
        return self._delivered[number]

    def effects(self, number: int) -> int:
        return self.ledger.count("effects")[number]

    def wait_for_delivery(self, number: int, times: int = 1) -> None:
        wait_until(lambda: self.delivered(number) == times)

    def watch(self, attempt: Attempt) -> None:
        self._delivered[json.loads(attempt.message.body)["number"]] += 200 <= attempt.outcome.status < 300


@contextmanager
def world(shop: str, database: Database, place: Path) -> Generator[World]:
    made, port = World(database), free_port()
    with ExitStack() as stack:
        qstash = stack.enter_context(running(clock=made.clock, watch=made.watch))
        before = stack.enter_context(gate(qstash.url))
        settings = environment(qstash, f"http://127.0.0.1:{port}") | {"QSTASH_URL": before.url}
        environ = shop_environment(shop, database, settings, SHOP_KEEP="1d")
        # Both import the shop, each for itself.
        workers = web(shop, place, environ, port, workers=1)
        stack.callback(workers.close)
        acting = stack.enter_context(actors(shop, environ, place))
        create_tables(acting)
        workers.wait_until_up()
        yield made.open(acting, before)
