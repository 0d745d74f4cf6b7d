"""What type checkers make of the accessors: ``tools/typed.py`` runs both of them over this, and nobody runs it."""

from collections.abc import Iterator
from typing import assert_type

from aiohttp.web import Request as AiohttpRequest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from qstash_integrations import AsyncQStash, Claims, Delivery, QStash, aiohttp, current_delivery, django, fastapi, flask
from qstash_integrations import starlette as starlette_
from qstash_integrations._core.publishing._sync.many import Many
from qstash_integrations.options import UrlMessage
from qstash_integrations.results import PublishResponse, PublishUrlGroupResponse

URL = "https://api.example.com/ship"


def delivery() -> None:
    assert_type(current_delivery(), Delivery)
    assert_type(current_delivery().claims, Claims)
    assert_type(current_delivery().body, bytes)
    assert_type(current_delivery().retried, int | None)


def publishers_of_threads() -> None:
    assert_type(flask.qstash, flask.Publisher)
    assert_type(flask.qstash.publish_json(url=URL, body={"id": 3}), PublishResponse)
    assert_type(flask.qstash.url_for("ship", order=3), str)
    assert_type(django.qstash.publish_json(url=URL, body={"id": 3}), PublishResponse)
    assert_type(django.qstash.publish_on_commit(url=URL), PublishResponse)
    assert_type(django.qstash.publish(url_group="shops"), list[PublishUrlGroupResponse])
    assert_type(starlette_.qstash.sync.publish_json(url=URL, body={"id": 3}).message_id, str)
    assert_type(starlette_.qstash.sync.url_for("ship"), str)


async def publishers_of_event_loops() -> None:
    assert_type(starlette_.qstash, starlette_.Publisher)
    assert_type(await starlette_.qstash.publish_json(url=URL, body={"id": 3}), PublishResponse)
    assert_type(await starlette_.qstash.enqueue_json(queue="mail", url=URL), PublishResponse)
    assert_type(starlette_.qstash.url_for("ship", order=3), str)
    assert_type(await fastapi.qstash.publish_json(url=URL, body={"id": 3}), PublishResponse)
    assert_type(await django.aqstash.publish_json(url=URL, body={"id": 3}), PublishResponse)
    assert_type(await django.aqstash.publish_on_commit(url=URL), PublishResponse)


def orders() -> Iterator[UrlMessage]:
    yield {"url": URL}


def clients(client: QStash, async_client: AsyncQStash) -> None:
    assert_type(client.publish_json(url=URL), PublishResponse)
    assert_type(client.publish_json(url_group="shops"), list[PublishUrlGroupResponse])
    assert_type(client.batch_json([{"url": URL, "body": number} for number in range(3)]), list[PublishResponse])
    assert_type(
        client.batch_json([{"url": URL}, {"url_group": "shops"}]), list[PublishResponse | list[PublishUrlGroupResponse]]
    )
    assert_type(client.publish_many_json({"url": URL, "body": number} for number in range(3)), Many[PublishResponse])
    for receipt in client.publish_many(orders()):
        assert_type(receipt, PublishResponse)
    assert_type(async_client.sync.publish_json(url=URL), PublishResponse)


app = FastAPI()


@app.post("/orders")
async def order(qstash: fastapi.QStashDep, delivery: fastapi.DeliveryDep, plain: fastapi.SyncQStashDep) -> None:
    assert_type(delivery, Delivery)
    assert_type(await qstash.publish_json(url=URL), PublishResponse)
    assert_type(plain.publish_json(url=URL), PublishResponse)


@starlette_.verify_qstash
async def ship(request: Request) -> Response:
    return Response()


@flask.verify_qstash(max_body_size=1024)
def ship_in_flask(order: int) -> str:
    return "shipped"


def decorated_views_keep_their_types(request: AiohttpRequest) -> None:
    assert_type(ship_in_flask(3), str)
    assert_type(request[aiohttp.DELIVERY], Delivery)
