"""What error trackers see when a task of Flask or Django raises: of our frames, no token, body, argument or key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from qstash_integrations import APIError, NonRetryable
from qstash_integrations._core.publishing.client import APIRequest, APIResponse
from qstash_integrations.once import MemoryStore
from qstash_integrations.tasks import RESULT, chain, task
from qstash_integrations.tasks.mount import Mount
from qstash_integrations.tasks.running import arrive, run
from tests.hosts import Request
from tests.outbox import outbox
from tests.sentry import ours, report
from tests.signing import CURRENT, NEXT
from tests.tasks.deliveries import delivery_of
from tests.tasks.wsgi_mounts import MOUNTS, Mounted, call_url, delivered, request

CARD = "4000-0000-0000-0002"


@task(name="shop.charge")
async def charge(card: str) -> None:
    raise LookupError("no connection")


@task(name="shop.charge_plainly")
def charge_plainly(card: str) -> None:
    raise LookupError("no connection")


@task(name="shop.charged")
def charged(card: str) -> str:
    return card


@task(name="shop.charged_async")
async def charged_async(card: str) -> str:
    return card


@contextmanager
def around(call: Any) -> Iterator[None]:
    yield


@pytest.fixture(name="settings", autouse=True)
def of_the_app_alone() -> None:
    """No others, as elsewhere here, which would win over those of an app."""


@pytest.fixture(params=MOUNTS.values(), ids=list(MOUNTS))
def mounted(request: pytest.FixtureRequest) -> Mounted:
    made: Mounted = request.param
    return made


def shown_secrets(error: BaseException, call: Request) -> list[str]:
    shown = ours(report(error))
    assert shown.count('"function"') > 1
    return [secret for secret in (dict(call.headers)["Upstash-Signature"], CARD, CURRENT, NEXT) if str(secret) in shown]


@pytest.mark.parametrize("options", [{}, {"around": around, "once": MemoryStore()}], ids=["alone", "around, once"])
@pytest.mark.parametrize("name", ["shop.charge", "shop.charge_plainly"])
def test_S06_no_frame_of_ours_shows_a_secret(mounted: Mounted, name: str, options: dict[str, Any]) -> None:
    call = request(call_url(name), b'{"card":"%s"}' % CARD.encode())
    with mounted([charge, charge_plainly], propagate=True, **options) as served, pytest.raises(LookupError) as caught:
        served.send(call)
    assert shown_secrets(caught.value, call) == []


@pytest.mark.parametrize("first", [charged, charged_async])
def test_S06_nor_where_what_follows_cannot_be_published(mounted: Mounted, first: Any) -> None:
    with mounted([charged, charged_async], propagate=True) as served:
        sent: list[APIRequest]
        with outbox() as sent, served.context():
            chain(first.bind(card=CARD), charged.bind(card=RESULT), charged.bind(card=CARD)).publish()
        call = delivered(sent[0])
        with outbox(APIResponse(400, b"no")), pytest.raises(APIError) as caught:
            served.send(call)
    assert shown_secrets(caught.value, call) == []


@contextmanager
def around_that_cannot_commit(call: Any) -> Iterator[None]:
    yield
    raise LookupError("no commit")


def test_S06_nor_what_a_task_has_returned_where_its_commit_fails(mounted: Mounted) -> None:
    call = request(call_url("shop.charged"), b'{"card":"%s"}' % CARD.encode())
    options = {"propagate": True, "around": around_that_cannot_commit}
    with mounted([charged], **options) as served, pytest.raises(LookupError, match="no commit") as caught:
        served.send(call)
    assert shown_secrets(caught.value, call) == []


@task(name="shop.counted")
def counted(number: int, card: str) -> None: ...


def test_S06_nor_what_follows_where_the_chain_ends() -> None:
    message = chain(charged.bind(card=CARD), counted.bind(RESULT, card=CARD)).message(call_url)
    arrived = arrive(Mount.of([charged, counted]), charged, delivery_of(message))
    with pytest.raises(NonRetryable) as caught:
        run(arrived, lambda messages: None)
    assert CARD not in ours(report(caught.value))
