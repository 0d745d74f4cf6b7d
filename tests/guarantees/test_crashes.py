"""Orders, a third of which come to nothing, while the web process, two relays and QStash are killed at random.

The relays' clocks are ahead, so that each thinks that what somebody else holds is its own to send by now: whatever is
sent twice meets the deduplication of QStash, and whoever finishes late a row that is no longer his.
"""

import http.client
import json
import os
import random
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import cast

import pytest

from qstash_integrations.server.app import ServerConfig, environment, running
from tests.databases import Database
from tests.guarantees.actors import actors
from tests.guarantees.ledger import Ledger, accepted, delivered
from tests.guarantees.processes import Program
from tests.guarantees.shops.given import FATES, Fate
from tests.guarantees.world import create_tables, relay_command, shop_environment, web
from tests.server.destination import free_port
from tests.waiting import wait_until

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals here"),
]

MANY = int(os.environ.get("QSTASH_TEST_SOAK", "150"))
SEED = int(os.environ.get("QSTASH_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)
KILLS = min(20, MANY // 15)
CLIENTS = 4
# Seconds ahead: past the lease of a writer, past that of the first relay, and at the end past that of everybody.
AHEAD, FURTHER_AHEAD, LAST = 35, 140, 250
PATIENCE = 240.0 + MANY / 10  # seconds


class Shop:
    """Its processes, and what they have to do with."""

    def __init__(self, name: str, database: Database, place: Path) -> None:
        self.name, self.place = name, place
        self.ledger = Ledger(database)
        self.qstash_file = place / "qstash.db"
        self.port, self.qstash_port = free_port(), free_port()
        # The development credentials are the same for every server on loopback.
        with running(ServerConfig(port=self.qstash_port, db=self.qstash_file)) as qstash:
            settings = environment(qstash, f"http://127.0.0.1:{self.port}")
        self.environ = shop_environment(name, database, settings)
        self.answered: dict[int, int] = {}

    @contextmanager
    def open(self) -> Generator[list[Program]]:
        with actors(self.name, self.environ, self.place) as acting:
            create_tables(acting)
        with ExitStack() as stack:
            kept = "tests.guarantees.local_qstash", str(self.qstash_port), str(self.qstash_file)
            programs = [
                Program(self.place / "qstash", self.environ, *kept, port=self.qstash_port),
                web(self.name, self.place, self.environ, self.port, workers=2),
                self.relay("relay", AHEAD),
                self.relay("other-relay", FURTHER_AHEAD),
            ]
            for program in programs:
                stack.callback(program.close)
            for program in programs:
                program.wait_until_up()
            yield programs

    def relay(self, name: str, ahead: int) -> Program:
        command = relay_command(self.name, "--interval", "0.2")
        return Program(self.place / name, self.environ, "tests.guarantees.at", str(ahead), *command)

    def order(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", f"/orders/{number}/{fate(number)}")
            self.answered[number] = connection.getresponse().status
        except (OSError, http.client.HTTPException):
            self.answered[number] = 0  # whoever had it was killed: it is for the database to say what became of it
        finally:
            connection.close()

    def unfinished(self) -> int:
        """How many messages QStash has still to deliver."""
        connection = http.client.HTTPConnection("127.0.0.1", self.qstash_port, timeout=60)
        with closing(connection):
            connection.request(
                "GET", "/_local/overview", headers={"Authorization": f"Bearer {self.environ['QSTASH_TOKEN']}"}
            )
            return cast("int", json.load(connection.getresponse())["unfinished"])

    def state(self) -> str:
        counted = {table: self.ledger.count(table).total() for table in ("orders", "effects")}
        return f"seed {SEED}, {counted}, {self.ledger.waiting()} waiting, {self.ledger.parked()} parked"


def fate(number: int) -> Fate:
    return FATES[1 + number // 3 % 2] if number % 3 == 0 else "commit"


@contextmanager
def killing(programs: list[Program], progress: dict[int, int]) -> Generator[None]:
    """Each as often as the others, at random moments that are spread over all orders."""
    choice, over = random.Random(SEED), threading.Event()
    victims = (programs * KILLS)[:KILLS]
    choice.shuffle(victims)
    moments = sorted(choice.randrange(MANY) for _ in range(KILLS))

    def kill() -> None:
        for victim, moment in zip(victims, moments, strict=True):
            while len(progress) < moment and not over.wait(0.005):
                pass
            victim.kill(choice)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join()


def test_what_is_committed_has_its_effect_once_and_what_is_rolled_back_is_never_sent(
    shop: str, shops_database: Database, tmp_path: Path
) -> None:
    it = Shop(shop, shops_database, tmp_path)
    with it.open() as programs:
        with ThreadPoolExecutor(CLIENTS) as clients, killing(programs, it.answered):
            list(clients.map(it.order, range(MANY)))
        for relay in programs[2:]:
            relay.close()
        # No more is killed; what the killed have held is due by the clock of this one.
        last = it.relay("last-relay", LAST)
        try:
            wait_until(lambda: it.ledger.waiting() == 0, PATIENCE, it.state)
            wait_until(
                lambda: it.ledger.count("effects").keys() >= it.ledger.count("orders").keys(), PATIENCE, it.state
            )
            # The effect is there before QStash has noted the answer.
            wait_until(lambda: it.unfinished() == 0, PATIENCE, it.state)
        finally:
            last.close()
    committed = it.ledger.count("orders")
    assert sum(program.kills for program in programs) == KILLS
    assert committed.keys() >= {number for number, status in it.answered.items() if status == 200} & {
        number for number in range(MANY) if fate(number) == "commit"
    }
    assert all(fate(number) == "commit" for number in committed)
    assert (set(committed.values()), it.ledger.parked()) == ({1}, 0)
    assert accepted(it.qstash_file) == committed
    assert delivered(it.qstash_file).keys() == committed.keys()
    assert it.ledger.count("effects") == committed
    for program in programs:
        assert "Traceback" not in program.printed, program.printed
