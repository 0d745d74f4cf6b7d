"""QStash for Python web apps: receive verified messages, publish your own, run the whole loop on one machine.

The adapters are modules of their own: ``qstash_integrations.starlette``, ``.fastapi``, ``.flask``, ``.django`` and,
for any other ASGI app, ``.asgi``.
"""

from typing import TYPE_CHECKING

from ._core.errors import (
    APIError,
    ConfigurationError,
    DailyLimitError,
    NonRetryable,
    QStashError,
    RateLimitError,
    RetryAfter,
    SignatureError,
    TransportError,
)
from ._core.receiving.delivery import Callback, Delivery, current_delivery
from ._core.receiving.receiver import Receiver
from ._core.receiving.token import Claims

if TYPE_CHECKING:
    from ._core.key_ring import KeyRing
    from ._core.publishing.client import AsyncQStash, QStash
    from ._core.receiving.receivers import Settings
else:

    def __getattr__(name):
        # The HTTP library takes most of the import time, and who only receives never needs it.
        if name in ("AsyncQStash", "QStash"):
            from ._core.publishing import client

            return getattr(client, name)
        if name == "KeyRing":
            from ._core.key_ring import KeyRing

            return KeyRing
        if name == "Settings":
            from ._core.receiving.receivers import Settings

            return Settings
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "APIError",
    "AsyncQStash",
    "Callback",
    "Claims",
    "ConfigurationError",
    "DailyLimitError",
    "Delivery",
    "KeyRing",
    "NonRetryable",
    "QStash",
    "QStashError",
    "RateLimitError",
    "Receiver",
    "RetryAfter",
    "Settings",
    "SignatureError",
    "TransportError",
    "current_delivery",
]
