"""FastAPI: routes that verify before the body is parsed and before any dependency runs.

A dependency or a decorator would come too late: FastAPI parses first, and an unsigned request would be answered 422.
A router that is included into another keeps its own route class, so each router with webhooks names
``VerifiedRoute``; ``QStashMiddleware`` with ``prefix=`` covers everything below a path. WebSocket routes, and what
comes from ``add_route``, ``route`` and ``mount``, have no route class: only the middleware covers them.

Spec: https://fastapi.tiangolo.com/how-to/custom-request-and-route/
"""

from typing import Annotated, TypeAlias, Unpack, cast

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

from ._core.from_settings import FromSettings
from ._core.receiving.admission import ahandle
from ._core.receiving.asgi_host import DELIVERY, AsgiHost
from ._core.receiving.delivery import Delivery
from ._core.receiving.guard import Guard, GuardOptions
from ._core.receiving.options import guard_from_settings
from .starlette import Publisher, QStash, QStashMiddleware, SyncPublisher, qstash

__all__ = [
    "DeliveryDep",
    "Publisher",
    "QStash",
    "QStashDep",
    "QStashMiddleware",
    "SyncPublisher",
    "SyncQStashDep",
    "VerifiedRoute",
    "qstash",
]


class VerifiedRoute(APIRoute):
    """``APIRouter(route_class=VerifiedRoute)``: every path operation of the router takes only what QStash signed.

    What a handler raises to steer QStash is answered outside the dependencies, so a ``yield`` dependency sees the
    exception and can roll back.
    """

    qstash_guard: FromSettings[Guard] = guard_from_settings({})

    @classmethod
    def using(cls, **options: Unpack[GuardOptions]) -> "type[VerifiedRoute]":
        """A route class with options, such as ``VerifiedRoute.using(max_body_size=1024)``."""
        return type(cls.__name__, (cls,), {"qstash_guard": guard_from_settings(options)})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = AsgiHost(scope, receive, send, super().handle)
        del scope, receive, send  # error trackers print the locals of raising frames
        await ahandle(self.qstash_guard, host)


def _delivery(request: Request) -> Delivery:
    delivery = getattr(request.state, DELIVERY, None)
    if delivery is None:
        raise RuntimeError(
            f"{request.scope['path']} is not verified: put its route on APIRouter(route_class=VerifiedRoute), "
            "or below the prefix of QStashMiddleware"
        )
    return cast(Delivery, delivery)


def _publisher(request: Request) -> Publisher:
    publisher = getattr(request.app.state, "qstash", None)
    if publisher is None:
        raise RuntimeError("this app has no publisher: call qstash_integrations.fastapi.QStash(app)")
    return cast(Publisher, publisher)


def _sync_publisher(request: Request) -> SyncPublisher:
    return _publisher(request).sync


DeliveryDep: TypeAlias = Annotated[Delivery, Depends(_delivery)]
"""A parameter of a verified endpoint: ``delivery: DeliveryDep``."""

QStashDep: TypeAlias = Annotated[Publisher, Depends(_publisher)]
"""The app's publisher, for ``async def`` endpoints."""

SyncQStashDep: TypeAlias = Annotated[SyncPublisher, Depends(_sync_publisher)]
"""The app's publisher, for plain ``def`` endpoints."""
