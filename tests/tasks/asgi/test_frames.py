"""What error trackers see when a task raises: of our frames, no token, no body and no argument."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from qstash_integrations import APIError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse
from qstash_integrations.once import MemoryStore
from qstash_integrations.tasks import RESULT, chain, task
from tests.hosts import Request, asgi_exchange
from tests.outbox import outbox
from tests.sentry import ours, report
from tests.signing import CURRENT, NEXT
from tests.tasks.asgi.apps import MOUNTS
from tests.tasks.asgi.calls import call_url, delivered, request

pytestmark = pytest.mark.anyio

CARD = "4000-0000-0000-0002"


@task(name="shop.charge")
async def charge(card: str) -> None:
    raise LookupError("no connection")


@task(name="shop.charge_plainly")
def charge_plainly(card: str) -> None:
    raise LookupError("no connection")


@task(name="shop.tries", backoff=[60, 120])
async def tries(card: str) -> None:
    raise LookupError("no connection")


@task(name="shop.charged")
async def charged(card: str) -> str:
    return card


@contextmanager
def around(call: Any) -> Iterator[None]:
    yield


def token_of(call: Request) -> str:
    return str(dict(call.headers)["Upstash-Signature"])


@pytest.mark.parametrize("once", [False, True], ids=["", "once"])
@pytest.mark.parametrize("within", [None, around], ids=["", "around"])
@pytest.mark.parametrize("name", ["shop.charge", "shop.charge_plainly"])
@pytest.mark.parametrize("mount", MOUNTS)
async def test_S06_no_frame_of_ours_shows_token_body_argument_or_key(
    mount: str, name: str, within: Any, once: bool
) -> None:
    options = {"once": MemoryStore()} if once else {}
    app = MOUNTS[mount]([charge, charge_plainly], around=within, **options)
    call = request(call_url(name), b'{"card":"%s"}' % CARD.encode())
    with pytest.raises(LookupError) as caught:
        await asgi_exchange(app, call)
    shown = ours(report(caught.value))
    assert shown.count('"function"') > 1
    assert [secret for secret in (token_of(call), CARD, CURRENT, NEXT) if secret in shown] == []


async def test_S06_nor_does_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    app = MOUNTS["starlette"]([tries])
    body = b'{"card":"%s"}' % CARD.encode()
    assert (await asgi_exchange(app, request(call_url("shop.tries"), body))).status == 503
    assert (await asgi_exchange(app, request(call_url("shop.other"), body))).status == 404
    assert (await asgi_exchange(app, request(call_url("shop.tries"), body.replace(b"card", b"cart")))).status == 400
    assert len(caplog.records) > 2
    assert CARD not in "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)


@pytest.mark.parametrize("mount", MOUNTS)
async def test_S06_nor_where_what_follows_cannot_be_published(mount: str, published: list[APIRequest]) -> None:
    await chain(charged.bind(card=CARD), charged.bind(card=RESULT), charged.bind(card=CARD)).apublish()
    call = delivered(published[0])
    app = MOUNTS[mount]([charged])
    with outbox(APIResponse(400, b"no")), pytest.raises(APIError) as caught:
        await asgi_exchange(app, call)
    shown = ours(report(caught.value))
    assert [secret for secret in (token_of(call), CARD) if secret in shown] == []
