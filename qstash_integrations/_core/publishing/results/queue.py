"""A queue.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from dataclasses import dataclass
from typing import Any

from .fields import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    name: str
    parallelism: int
    """Deliveries in flight at once; with one of them, messages are delivered strictly in their order."""
    created_at: int
    """Unix milliseconds."""
    updated_at: int
    """Unix milliseconds."""
    lag: int
    """Messages that are not delivered yet."""
    paused: bool


def read_queue(answer: Any) -> Queue:
    fields = Fields(answer)
    return Queue(
        name=fields.need("name", str),
        parallelism=fields.need("parallelism", int),
        created_at=fields.need("createdAt", int),
        updated_at=fields.need("updatedAt", int),
        lag=fields.need("lag", int),
        paused=fields.get("paused", bool) is True,
    )
