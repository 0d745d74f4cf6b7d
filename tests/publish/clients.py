"""Both clients behind one interface, so that one test holds for both; they note their sleeps instead of sleeping."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import anyio
import pytest

from qstash_integrations import AsyncQStash, QStash
from tests.publish.loopback import TOKEN


class Sleepless(Protocol):
    """A client, and how long it would have slept."""

    slept: list[float]

    def __call__(self, verb: str, *args: Any, **options: Any) -> Any:
        """The method of that name, such as "publish" or "schedule.get"."""
        ...


class SyncClient(QStash):
    def __init__(self, *args: Any, **options: Any) -> None:
        self.slept: list[float] = []
        super().__init__(*args, **options)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def __call__(self, verb: str, *args: Any, **options: Any) -> Any:
        with self:
            return method(self, verb)(*args, **options)


class AsyncClient(AsyncQStash):
    backend = "asyncio"

    def __init__(self, *args: Any, **options: Any) -> None:
        self.slept: list[float] = []
        super().__init__(*args, **options)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def __call__(self, verb: str, *args: Any, **options: Any) -> Any:
        async def call() -> Any:
            result = method(self, verb)(*args, **options)
            return await result if inspect.isawaitable(result) else [item async for item in result]

        return anyio.run(call, backend=self.backend)


class TrioClient(AsyncClient):
    backend = "trio"


MakeClient = Callable[..., Sleepless]
MAKERS: dict[str, MakeClient] = {
    "QStash": partial(SyncClient, TOKEN),
    "AsyncQStash": partial(AsyncClient, TOKEN),
}
# For what is checked before anything is sent, and what is read of an answer: it is the same function for both clients.
on_one_client = pytest.mark.parametrize("make_client", [MAKERS["QStash"]], ids=["QStash"])
# Only waiting differs between the event loops: for tests in which an answer is waited for.
on_trio_too = pytest.mark.parametrize(
    "make_client", [*MAKERS.values(), partial(TrioClient, TOKEN)], ids=[*MAKERS, "AsyncQStash on trio"]
)


def method(client: Any, verb: str) -> Callable[..., Any]:
    for name in verb.split("."):
        client = getattr(client, name)
    found: Callable[..., Any] = client
    return found
