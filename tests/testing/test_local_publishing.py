"""What is published to ``LocalQStash`` is treated as by the local server: the same API, the same engine."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request

import qstash_integrations.flask
from qstash_integrations import APIError, AsyncQStash, Callback, QStash
from qstash_integrations.testing import LocalQStash
from tests.django.project import configure
from tests.testing.shop import HOOK, Shop


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def local(shop: Shop) -> Iterator[LocalQStash]:
    with LocalQStash(shop.app) as local:
        yield local


REFUSED: dict[str, tuple[dict[str, Any], int, str]] = {
    "a group that does not exist": ({"url_group": "billing"}, 404, "billing"),
    "an expression that is none": ({"url": HOOK, "retry_delay": "import os"}, 400, "Upstash-Retry-Delay"),
    "a body that is too large": ({"url": HOOK, "body": bytes(10 * 1024 * 1024 + 1)}, 412, "maxMessageSize"),
}


@pytest.mark.parametrize(("message", "status", "text"), REFUSED.values(), ids=REFUSED)
def test_what_the_server_refuses_is_refused(
    local: LocalQStash, message: dict[str, Any], status: int, text: str
) -> None:
    with pytest.raises(APIError, match=text) as refused:
        QStash(retry=False).publish(**message)
    assert refused.value.status == status
    assert local.outbox.messages == []


def test_what_was_accepted_is_in_the_outbox(shop: Shop, local: LocalQStash) -> None:
    shop.publish({"id": 3}, delay="10m")
    message = local.outbox.assert_published(url=HOOK, json={"id": 3}, delay=600)
    assert local.outbox.messages == [message]


def test_a_duplicate_is_delivered_once(shop: Shop, local: LocalQStash) -> None:
    first = shop.publish(1, deduplication_id="order-1")
    assert shop.publish(1, deduplication_id="order-1") == first
    local.run_until_idle()
    assert shop.orders == [1]


def test_a_message_can_be_read_and_cancelled(shop: Shop, local: LocalQStash) -> None:
    message_id = shop.publish(1, delay="1h")
    assert shop.qstash.message.get(message_id).url == HOOK
    shop.qstash.message.cancel(message_id)
    assert local.run_until_idle() == []


def test_a_callback_tells_of_the_answer(shop: Shop, local: LocalQStash) -> None:
    callbacks: list[Callback] = []
    shop.handler = lambda order: callbacks.append(Callback.from_delivery(shop.deliveries[-1])) if order != 1 else None
    message_id = shop.publish(1, callback=f"{HOOK}/callback")
    assert [attempt.url for attempt in local.deliver_due()] == [HOOK, f"{HOOK}/callback"]
    assert [(one.status, one.body, one.source_message_id) for one in callbacks] == [(200, b"done", message_id)]


@pytest.mark.anyio
async def test_schedules_of_async_publishers_tick_too() -> None:
    shop = Shop()
    with LocalQStash(shop.app) as local:
        await AsyncQStash().schedule.create_json(destination=HOOK, cron="0 7 * * *", body="report")
        assert len(await local.aadvance(days=7)) == 7


def test_another_app_can_be_mounted(shop: Shop, local: LocalQStash) -> None:
    partner = Shop("flask", public_url="https://partner.example/api")
    local.mount("https://partner.example/api", partner.app)
    shop.handler = lambda order: shop.publish(order, "https://partner.example/api/hook?a=b")
    shop.publish(1)
    local.run_until_idle()
    assert (shop.orders, partner.orders) == ([1], [1])
    assert partner.deliveries[0].claims.sub == "https://partner.example/api/hook?a=b"


def test_a_path_prefix_is_a_proxys_affair(shop: Shop) -> None:
    paths: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        paths.append(scope["path"])
        await shop.app(scope, receive, send)

    with LocalQStash(app, public_url="https://api.example.com/v1") as local:
        shop.publish(1, "https://api.example.com/v1/hook")
        shop.publish(2, "https://api.example.com/v1/?a=b")
        assert [attempt.status for attempt in local.deliver_due()] == [200, 200]
    assert paths == ["/hook", "/"]


def test_the_public_url_in_the_environment_is_the_apps(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://api.example.com,https://www.example.com")
    with LocalQStash(shop.app) as local:
        shop.publish(1, "https://api.example.com/hook")
        shop.publish(2, "https://www.example.com/hook")
        local.run_until_idle()
    assert shop.orders == [1, 2]


def test_so_is_the_one_in_a_flask_apps_configuration() -> None:
    app = Flask("shop")
    app.config["QSTASH_PUBLIC_URL"] = "https://api.example.com"
    bodies: list[bytes] = []

    @app.post("/hooks/ship")
    @qstash_integrations.flask.verify_qstash
    def ship() -> str:
        bodies.append(request.get_data())
        return "done"

    with LocalQStash(app) as local:
        qstash_integrations.flask.QStash(app)
        with app.app_context():
            qstash = app.extensions["qstash"]
            qstash.publish(url=qstash.url_for("ship"), body=b"hi")
        assert [attempt.url for attempt in local.run_until_idle()] == ["https://api.example.com/hooks/ship"]
    assert bodies == [b"hi"]


def test_so_are_the_hosts_that_django_allows() -> None:
    configure()
    from django.test import override_settings

    shop = Shop("django-wsgi")
    with override_settings(ALLOWED_HOSTS=["api.example.com"]), LocalQStash(shop.app) as local:
        shop.publish(1, "https://API.example.com/hook".lower())
        shop.publish(2, "http://api.example.com:8000/hook")
        local.run_until_idle()
    assert shop.orders == [1, 2]


def test_everything_is_as_before_when_it_is_over(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    with LocalQStash(shop.app):
        assert os.environ["QSTASH_PUBLIC_URL"] == "https://testserver"
    assert "QSTASH_PUBLIC_URL" not in os.environ
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "")
    with LocalQStash(shop.app):
        assert os.environ["QSTASH_PUBLIC_URL"] == "https://testserver"
    assert os.environ["QSTASH_PUBLIC_URL"] == ""


def test_two_of_them_can_be_nested(shop: Shop) -> None:
    inner_shop = Shop()
    with LocalQStash(shop.app) as outer:
        shop.publish("outer")
        with LocalQStash(inner_shop.app) as inner:
            shop.publish("inner")
            inner.run_until_idle()
        outer.run_until_idle()
    assert (shop.orders, inner_shop.orders) == (["outer"], ["inner"])
