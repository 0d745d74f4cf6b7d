"""FastAPI: routes that verify before the body is parsed and before any dependency runs. And a dependency.

A router that is included into another keeps its own route class, so each router with webhooks names
``VerifiedRoute``; ``QStashMiddleware`` with ``prefix=`` covers everything below a path. WebSocket routes, and what
comes from ``add_route``, ``route`` and ``mount``, have no route class: only the middleware covers them.
"""

from .._core.extras import need

need("fastapi", "fastapi")

from ..starlette import Publisher, QStashMiddleware, SyncPublisher, qstash
from .dependency import VerifiedDelivery, verify_qstash
from .parameters import DeliveryDep, QStashDep, SyncQStashDep
from .publisher import QStash
from .routes import VerifiedRoute

__all__ = [
    "DeliveryDep",
    "Publisher",
    "QStash",
    "QStashDep",
    "QStashMiddleware",
    "SyncPublisher",
    "SyncQStashDep",
    "VerifiedDelivery",
    "VerifiedRoute",
    "qstash",
    "verify_qstash",
]
