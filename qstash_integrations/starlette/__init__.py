"""Starlette: verified endpoints, and a publisher on the app.

Verification of whole apps and mounts is ``QStashMiddleware``.
"""

from .._core.extras import need

need("starlette", "starlette")

from ..asgi import QStashMiddleware
from .endpoints import verify_qstash
from .publisher import Publisher, QStash, SyncPublisher, qstash

__all__ = ["Publisher", "QStash", "QStashMiddleware", "SyncPublisher", "qstash", "verify_qstash"]
