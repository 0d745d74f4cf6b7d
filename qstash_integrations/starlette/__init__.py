"""Starlette: verified endpoints, and a publisher on the app.

Verification of whole apps and mounts is ``QStashMiddleware``.
"""

from ..asgi import QStashMiddleware
from .endpoints import Publisher, QStash, verify_qstash

__all__ = ["Publisher", "QStash", "QStashMiddleware", "verify_qstash"]
