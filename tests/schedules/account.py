"""The API of the local server in this process, on an engine of its own, with calls that can be made to fail."""

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

from qstash_integrations import QStash
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, Lost, override_transport
from qstash_integrations._core.publishing.results.schedule import Schedule as Held
from qstash_integrations.schedules import Owner, Plan, Synced, plan, sync, wanted
from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Keys, Limits
from qstash_integrations.server.tables import Store
from qstash_integrations.tasks import Schedule, schedule
from qstash_integrations.testing.in_process import InProcessApi
from tests.signing import CURRENT, NEXT, NOW

TOKEN = "TESTONLY-token"
URL = "https://shop.example/report"
OWNER = Owner("shop", "prod")
LABELLED = {"label": "qstash-integrations"}
Interfere = Callable[[APIRequest], APIResponse | Lost | None]


def daily(name: str = "daily", **options: Any) -> Schedule:
    return schedule(name, "0 7 * * *", **{"destination": URL, **options})


class Account:
    """``calls`` are those that changed something; ``interfere`` may answer a call instead, or do something before."""

    def __init__(self, api: InProcessApi, engine: Engine) -> None:
        self.engine = engine
        self.calls: list[str] = []
        self.interfere: Interfere = lambda request: None
        self.client = QStash(TOKEN, base_url="http://127.0.0.1:8080", retry=False)
        self.carry_out = api

    @classmethod
    @contextmanager
    def opened(cls, limits: Limits | None = None) -> Generator[Self]:
        store = Store.open(None)
        keys = Keys(current=CURRENT, next=NEXT)
        engine = Engine(store, clock=lambda: NOW, wall_clock=lambda: NOW, keys=keys, limits=limits)
        account = cls(InProcessApi(engine, TOKEN, threading.RLock()), engine)
        with override_transport(account._send):
            yield account
        store.close()

    def _send(self, request: APIRequest) -> APIResponse | Lost:
        answer = self.interfere(request) or self.carry_out(request)
        if request.method != "GET":
            named = next((text for name, text in request.headers if name == "Upstash-Schedule-Id"), None)
            path = request.url.partition("/v2/schedules/")[2]
            self.calls.append(f"{request.method} {named or path}")
        return answer

    def held(self) -> Mapping[str, Held]:
        return {one.schedule_id: one for one in self.client.schedule.list()}

    def by_hand(self, schedule_id: str, **options: Any) -> None:
        """As somebody would without this package."""
        self.client.schedule.create(
            **{"destination": URL, "cron": "0 7 * * *", "schedule_id": schedule_id, "retries": 3, **options}
        )
        self.calls.clear()

    def plan(self, *schedules: Schedule, owner: Owner = OWNER) -> Plan:
        return plan(wanted(schedules, owner), self.client.schedule.list(), owner)

    def sync(self, *schedules: Schedule, owner: Owner = OWNER, prune: bool = False) -> Synced:
        """Once, from the start; ``calls`` are those of this run."""
        before = self.plan(*schedules, owner=owner)
        self.calls.clear()
        return sync(self.client, before, prune=prune)


def actions(plan: Plan) -> list[tuple[str, str]]:
    return [(change.action, change.name) for change in plan.changes]


def ids(changes: Sequence[Any]) -> list[str]:
    return [change.id for change in changes]
