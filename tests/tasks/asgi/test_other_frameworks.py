"""``TasksApp`` in a framework without an adapter, which only the environment of the system tests has."""

from typing import Any

import pytest

from qstash_integrations.tasks import TasksApp
from tests.contract.test_signatures import REJECTED
from tests.hosts import Request, asgi_exchange
from tests.tasks.asgi.apps import OPTIONS
from tests.tasks.asgi.calls import TASKS, call_url, request
from tests.tasks.asgi.test_starlette import BODY, SHIP, forget, ran, ship

pytestmark = pytest.mark.anyio
__all__ = ["forget"]


def litestar(copy_scope: bool) -> Any:
    from litestar import Litestar, asgi

    mount = asgi(TASKS, is_mount=True, copy_scope=copy_scope)
    return Litestar([mount(TasksApp([ship], **OPTIONS))], logging_config=None)


@pytest.mark.system
@pytest.mark.parametrize("copy_scope", [True, False])
async def test_litestar_mounts_it(copy_scope: bool) -> None:
    app = litestar(copy_scope)
    assert (await asgi_exchange(app, request(SHIP, BODY))).body == b'"shipped"'
    assert ran == [3]
    for target in (TASKS, f"{TASKS}/shop.ship", f"{TASKS}/shop.other", f"{TASKS}/a/b"):
        assert await asgi_exchange(app, Request(target, body=BODY)) == REJECTED
    assert (await asgi_exchange(app, request(call_url("shop.other"), BODY))).status == 404
    assert ran == [3]


@pytest.mark.parametrize("path", ["/shop.ship", "/shop.ship/", "shop.ship", "/tasks/shop.ship", f"{TASKS}/shop.ship"])
async def test_a_router_may_take_off_the_front_and_put_a_slash_behind(path: str) -> None:
    async def router(scope: Any, receive: Any, send: Any) -> None:
        await TasksApp([ship], **OPTIONS)({**scope, "path": path}, receive, send)

    assert (await asgi_exchange(router, request(SHIP, BODY))).body == b'"shipped"'
    assert await asgi_exchange(router, Request(f"{TASKS}/shop.ship", body=BODY)) == REJECTED
    assert ran == [3]
