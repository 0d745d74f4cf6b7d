"""What one server takes on, and how long it keeps what is over.

Spec: https://upstash.com/pricing/qstash
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

Quota: TypeAlias = Literal["free", "payg", "pro"]
MEBIBYTE = 1024 * 1024
_DAY = 86_400

READABLE_FOR = 60
"""Seconds for which a finished message is shown, however full the store is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one server takes on. Bytes count bodies; what the server makes itself, callbacks, is never refused.

    Those of the plan come first. Without one it is what QStash takes for what is used, but for what only adds up.
    """

    body: int = 10 * MEBIBYTE
    retries: int = 20
    delay: int = 366 * _DAY  # seconds
    timeout: int = 2 * 3600  # seconds that a destination may take
    batch: int = 10_000  # messages out of one call, URL groups unfolded
    batch_bytes: int = 100 * MEBIBYTE  # of the call's body
    unfinished: int = 1_000_000
    unfinished_bytes: int = 1024 * 1024 * 1024
    parallelism: int = 100  # requests in flight, all together
    rate: int | None = None  # deliveries started in a second, all together; None: as many as there are
    # To one host and port, for messages that have no flow control of their own.
    destination_parallelism: int | None = None
    destination_rate: int | None = None  # deliveries started in a second
    queue_parallelism: int = 1000
    queues: int = 10_000
    schedules: int = 1000
    url_groups: int = 1000
    endpoints: int = 100  # of one URL group
    # Of one workflow run: what it waits for at once, what came before it did, and how much one may send without token.
    waits: int = 1000
    kept_events: int = 100
    kept_event_bytes: int = 10 * MEBIBYTE
    hook_body: int = MEBIBYTE
    # Of clients, but never more than a third of the files that the process may open.
    connections: int = 512
    connections_of_one_address: int = 256

    @classmethod
    def of_quota(cls, quota: Quota | None) -> "Limits":
        """Those of a plan of Upstash."""
        return cls() if quota is None else replace(cls(), **_PLANS[quota])


_PLANS: Mapping[Quota, Mapping[str, int]] = {
    "free": {
        "body": MEBIBYTE, "retries": 3, "delay": 7 * _DAY, "timeout": 15 * 60, "schedules": 10, "url_groups": 1,
        "queues": 10, "queue_parallelism": 2, "parallelism": 10,
    },
    "payg": {"retries": 5, "url_groups": 100, "queues": 100},
    # What is agreed upon there is more than anybody needs for development.
    "pro": {"body": 50 * MEBIBYTE, "delay": 3650 * _DAY, "timeout": 12 * 3600, "parallelism": 200},
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is over stays, and how much of it: whichever limit is reached first.

    ValueError for less than ``READABLE_FOR`` seconds, for which clients may still ask what became of a message.
    """

    messages: float = 3 * 86_400  # seconds; a finished message and its events
    message_count: int = 100_000
    message_bytes: int = 256 * 1024 * 1024
    dead_letters: float = 7 * 86_400  # seconds
    dead_letter_count: int = 50_000

    def __post_init__(self) -> None:
        for name in ("messages", "dead_letters"):
            if not getattr(self, name) >= READABLE_FOR:
                raise ValueError(
                    f"Retention.{name} must be at least {READABLE_FOR} seconds, not {getattr(self, name)!r}"
                )
