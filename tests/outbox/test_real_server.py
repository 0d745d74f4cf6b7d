"""Over the network, against the local server, as threads and event loops send."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations.outbox.driving import adrive
from qstash_integrations.outbox.relay import relay
from qstash_integrations.outbox.sender import AsyncSender, Sender
from qstash_integrations.outbox.sweeping import Manner, Swept, sweep
from qstash_integrations.server.app import LocalServer, running
from tests.outbox.memory import AsyncMemoryStore, MemoryStore, filled, is_parked

pytestmark = pytest.mark.system
Send = Callable[[LocalServer, MemoryStore], Swept]


def by_a_relay(server: LocalServer, store: MemoryStore) -> Swept:
    with QStash(server.token, base_url=server.url, retry=False, headers={"X-Shop": "1"}) as client:
        return relay(store, client, stop=threading.Event(), once=True)


def by_a_loop(server: LocalServer, store: MemoryStore) -> Swept:
    async def send() -> Swept:
        async with AsyncQStash(server.token, base_url=server.url, retry=False, headers={"X-Shop": "1"}) as client:
            return await adrive(sweep(Manner()), AsyncMemoryStore(store), client)

    return asyncio.run(send())


BOTH = pytest.mark.parametrize("send", [by_a_relay, by_a_loop], ids=["relay", "loop"])


@BOTH
def test_all_kinds_of_rows_arrive_and_only_what_is_wrong_stays(send: Send) -> None:
    store = MemoryStore()
    later: dict[str, Any] = {"url": "https://shop.example/hooks", "delay": "1d"}
    filled(store, 120, **later)
    filled(store, 2, **later, body=b"\xff\x00")
    filled(store, 2, **later, headers={"X-Shop": "2", "X-Name": "é"}, deduplication_id="own")
    (malformed,) = filled(store, 1, **later, retries=3)
    headers = tuple(
        ("Upstash-Retries", "many") if name == "Upstash-Retries" else (name, value)
        for name, value in malformed.headers or ()
    )
    store.write([replace(malformed, headers=headers)])
    (lonely,) = filled(store, 1, url_group="nobody", url=None)
    with running() as server:
        swept = send(server, store)
        with QStash(server.token, base_url=server.url) as client:
            accepted = [entry.message_id for entry in client.log.list(count=1000).logs if entry.state == "CREATED"]
            one = client.message.get(accepted[0])
    assert (swept.sent, swept.parked, swept.refused) == (124, 1, 1)
    assert len(set(accepted)) == 123  # two have the same id of their own
    assert {row.id for row in store.rows.values()} == {malformed.id, lonely.id}
    assert [row.id for row in store.rows.values() if is_parked(row)] == [malformed.id]
    assert one.headers is not None
    assert "X-Shop" in one.headers


@BOTH
def test_a_wrong_token_parks_nothing(send: Send) -> None:
    store = MemoryStore()
    filled(store, 150, delay="1d")
    with running() as server:
        swept = send(server_with(server, "wrong"), store)
        assert (swept.sent, swept.parked, swept.refused, swept.pause > 0) == (0, 0, 100, True)
        assert (swept.error or "").startswith("QStash answered 401")


@BOTH
def test_no_server_parks_nothing(send: Send) -> None:
    store = MemoryStore()
    filled(store, 150, delay="1d")
    with running() as server:
        gone = server
    swept = send(gone, store)
    assert (swept.sent, swept.parked, swept.refused, swept.pause > 0) == (0, 0, 100, True)
    assert (swept.error or "").startswith("no answer from http://127.0.0.1")


def test_senders_send_what_has_just_been_written() -> None:
    store, async_store = MemoryStore(), MemoryStore()
    with running() as server:
        with QStash(server.token, base_url=server.url, retry=False) as client:
            sender = Sender(store, client)
            for row in filled(store, 20, delay="1d"):
                sender.sent_soon([row.id], row.holder or "")
            assert sender.wait(30)

        async def send() -> None:
            async with AsyncQStash(server.token, base_url=server.url, retry=False) as aclient:
                asender = AsyncSender(AsyncMemoryStore(async_store), aclient)
                for row in filled(async_store, 20, delay="1d"):
                    asender.sent_soon([row.id], row.holder or "")
                await asender.wait()

        asyncio.run(send())
    assert (store.rows, async_store.rows) == ({}, {})


def server_with(server: LocalServer, token: str) -> Any:
    class Other:
        url = server.url

    other = Other()
    other.token = token  # type: ignore[attr-defined]
    return other
