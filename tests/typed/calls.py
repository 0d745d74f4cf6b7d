"""Calls of tasks, right and wrong ones, for type checkers: each line that ends with "# wrong" is an error to both."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any, assert_type

from fastapi import Depends
from sqlalchemy import Engine, MetaData
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, scoped_session

from qstash_integrations import Callback
from qstash_integrations.results import PublishResponse
from qstash_integrations.sqlalchemy import Outbox
from qstash_integrations.tasks import RESULT, Call, Chain, Injected, Task, chain, current_call, task


class Db: ...


def get_db() -> Db:
    return Db()


@task
def ship(order_id: int, *, gift: bool = False) -> str:
    return f"{order_id}{gift}"


@task(retries=5, queue="orders", backoff=None, gives_up_on=(KeyError, OSError), also_known_as=["shop.old"])
async def invoice(order_id: int, at: datetime | None = None) -> bytes:
    return b""


@task(backoff=[10, "5m", timedelta(hours=1)], flow_control=lambda call: {"key": f"smtp-{call['to']}", "parallelism": 1})
def mail(to: str, pdf: bytes = b"") -> None: ...


@task
def stored(order_id: int, db: Annotated[Db, Depends(get_db)] = Injected) -> Db:
    return db


@task
def kept(order_id: int, db: Db = Depends(get_db)) -> None: ...  # noqa: B008 - as FastAPI has it


@task
def told(callback: Callback) -> None: ...


def plain_calls() -> None:
    assert_type(ship(3, gift=True), str)
    ship("3")  # wrong
    ship()  # wrong
    ship(3, True)  # wrong
    stored(3, Db())
    told(callback="no")  # wrong


def published() -> None:
    assert_type(ship.publish(3, gift=True), PublishResponse)
    ship.publish(order_id=3)
    ship.publish("3")  # wrong
    ship.publish()  # wrong
    ship.publish(3, True)  # wrong
    ship.publish(3, speed=1)  # wrong
    ship.publish(3, delay="10m")  # wrong
    mail.publish(to="ada@example.com", pdf=RESULT)
    mail.publish(to=b"ada")  # wrong
    mail.publish_on_commit(to="ada")
    mail.publish_on_commit(2)  # wrong


def written(
    session: Session,
    asession: AsyncSession,
    scoped: scoped_session[Session],
    ascoped: async_scoped_session[AsyncSession],
    engine: Engine,
) -> None:
    assert_type(ship.publish_in(session, 3, gift=True), str)
    assert_type(ship.bind(3).publish_in(asession), str)
    assert_type(chain(ship.bind(3), mail.bind("ada", pdf=RESULT)).publish_in(scoped), str)
    stored.publish_in(ascoped, order_id=3)
    ship.publish_in(3)  # wrong
    ship.publish_in(session, "3")  # wrong
    ship.publish_in(session)  # wrong
    ship.publish_in(engine, 3)  # wrong
    ship.bind(3).publish_in(session, 3)  # wrong
    outbox = Outbox(MetaData(), engine=engine, keep="7d")
    assert_type(outbox.publish(session, url="https://a.example", delay="10m"), str)
    assert_type(outbox.publish_json(asession, {"url_group": "shops", "body": 1}), str)
    assert_type(outbox.enqueue(scoped, url="https://a.example", queue="orders"), str)
    assert_type(outbox.batch_json(ascoped, [{"url": "https://a.example"}]), list[str])
    outbox.publish(session, url="https://a.example", dellay="10m")  # wrong
    outbox.publish(engine, url="https://a.example")  # wrong
    outbox.publish(url="https://a.example")  # wrong
    outbox.enqueue_json(session, url="https://a.example")  # wrong
    Outbox("shop")  # wrong
    outbox.schedule(5)  # wrong


async def awaited() -> None:
    assert_type(await invoice(3), bytes)
    assert_type(await invoice.apublish(3, at=datetime.now()), PublishResponse)
    await invoice.apublish(3, at="now")  # wrong
    await ship.publish(3)  # wrong
    async for receipt in ship.apublish_many(calls()):
        assert_type(receipt, PublishResponse)
    await ship.apublish_many([ship.bind(3)]).send()


async def calls() -> AsyncIterator[Call]:
    yield ship.bind(3)


def options() -> None:
    later = ship.using(delay=timedelta(minutes=1), label=["vip"], callback=told, failure_callback="https://a.example/x")
    assert_type(later.publish(3), PublishResponse)
    later.publish("3")  # wrong
    ship.using(dellay="10m")  # wrong
    ship.using(retries="5")  # wrong
    ship.using(backoff=[1])  # wrong
    ship.using(retries=lambda call: len(call))
    ship.using(url="https://a.example")  # wrong
    task(retries="5")  # wrong
    task(method="GET")  # wrong
    task(gives_up_on="OSError")  # wrong


def values() -> None:
    assert_type(ship.bind(3), Call)
    ship.bind(gift=True)  # wrong
    assert_type(chain(invoice.bind(3), mail.bind("ada", pdf=RESULT), on_error=told), Chain)
    chain(invoice)  # wrong
    ship.publish_many([ship.bind(3), chain(ship.bind(4))]).send()
    ship.publish_many([3])  # wrong
    assert_type(next(ship.publish_many(iter([ship.bind(3)]))), PublishResponse)


def injected() -> None:
    stored.publish(3)
    kept.publish(3)
    stored.publish()  # wrong
    kept.bind("3")  # wrong


def results(callback: Callback) -> None:
    assert_type(ship.result(callback), str)
    assert_type(invoice.result(callback), bytes)
    ship.result(3)  # wrong
    print(current_call().attempt + 1)
    print(current_call().tries)  # wrong


def letters() -> None:
    ship.dead_letters(since="1h").retry()
    ship.dead_letters("1h")  # wrong
    ship.cancel(label="vip")
    ship.cancel(3)  # wrong


def handed_on(shipping: Task[..., str], any_task: Task[..., Any]) -> Iterator[PublishResponse]:
    yield shipping.publish(3)
    yield any_task.publish("whatever")


handed_on(ship, invoice)
handed_on(mail, invoice)  # wrong
