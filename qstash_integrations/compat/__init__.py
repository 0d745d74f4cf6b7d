"""The call style of the original ``upstash_qstash`` package, translated onto this package's own clients.

Dicts go in, dicts come out, resources are methods: ``client.schedules().create({...})["scheduleId"]``. All else is as
in ``QStash`` and ``Receiver``: what they refuse is refused here. The chat API is left out, as QStash has it no more.

Spec: https://github.com/upstash/qstash-py
"""

from .._core.errors import QStashError as QstashException
from .._core.errors import RateLimitError as QstashRateLimitException
from .._core.errors import SignatureError as SignatureException
from .client import AsyncClient, Client
from .receiver import Receiver

__all__ = [
    "AsyncClient",
    "Client",
    "QstashException",
    "QstashRateLimitException",
    "Receiver",
    "SignatureException",
]
