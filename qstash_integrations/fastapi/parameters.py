"""What an endpoint may ask for: its delivery, and the app's publisher.

Spec: https://fastapi.tiangolo.com/tutorial/dependencies/
"""

from typing import Annotated, TypeAlias, cast

from fastapi import Depends, Request

from .._core.receiving.asgi_host import DELIVERY
from .._core.receiving.delivery import Delivery
from ..starlette import Publisher, SyncPublisher
from ..starlette.current import publisher_here


def _delivery(request: Request) -> Delivery:
    delivery = getattr(request.state, DELIVERY, None)
    if delivery is None:
        raise RuntimeError(
            f"{request.scope['path']} is not verified: put its route on APIRouter(route_class=VerifiedRoute), "
            "or below the prefix of QStashMiddleware"
        )
    return cast(Delivery, delivery)


def _publisher(request: Request) -> Publisher:
    # That of the app that mounts this one, where it has none of its own.
    publisher = getattr(request.app.state, "qstash", None) or publisher_here()
    if publisher is None:
        raise RuntimeError(
            "this app has no publisher: call qstash_integrations.fastapi.QStash(app), or for one around it"
        )
    return cast(Publisher, publisher)


def _sync_publisher(request: Request) -> SyncPublisher:
    return _publisher(request).sync


DeliveryDep: TypeAlias = Annotated[Delivery, Depends(_delivery)]
"""A parameter of a verified endpoint: ``delivery: DeliveryDep``."""

QStashDep: TypeAlias = Annotated[Publisher, Depends(_publisher)]
"""The app's publisher, for ``async def`` endpoints."""

SyncQStashDep: TypeAlias = Annotated[SyncPublisher, Depends(_sync_publisher)]
"""The app's publisher, for plain ``def`` endpoints."""
