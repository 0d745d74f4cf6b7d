"""A queue.

Spec: https://upstash.com/docs/qstash/features/queues
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue as it is now."""

    name: str
    parallelism: int
    """Deliveries in flight at once; with one of them, messages are delivered strictly in their order."""
    created_at: int
    """Unix milliseconds."""
    updated_at: int
    """Unix milliseconds."""
    lag: int
    """Messages that are not delivered yet."""
    paused: bool = False
    """Whether nothing of it is delivered until ``resume``."""
