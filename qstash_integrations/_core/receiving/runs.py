"""One run of the handler for one message: what a store is asked for, and what it answers.

A run is known by two keys, both digests. ``message`` is made of the message id, the signed URL, the signed body hash
and the method. Id and method are unsigned: the id alone would let whoever holds one genuine token mark another message
as done, and without the method an answer to GET would count for the POST. ``token`` is the token's ``jti``. A token
belongs to the first message it was presented for, and is a replay for every other.
"""

import hashlib
import json
from typing import Literal, NamedTuple, Protocol
from uuid import uuid4

from .delivery import Delivery
from .receiver import LARGEST_TOLERANCE

LEASE = 15 * 60.0  # seconds; then the handler is taken for dead
KEPT = 24 * 60 * 60.0  # seconds; QStash does not retry for longer


class Run(NamedTuple):
    """What a store is asked for. Times are seconds from now."""

    message: str
    """64 hexadecimal digits."""
    token: str
    """64 hexadecimal digits."""
    holder: str
    """Made for this run alone: a handler whose lease ran out cannot end the run of its successor."""
    token_ttl: float
    """How long the token can still be presented."""
    lease: float = LEASE
    kept: float = KEPT
    """How long a message that is done is remembered."""


class Standing(NamedTuple):
    """What a store found.

    ``free``: the run is taken, the handler may start. ``busy``: another run is at work on the message. ``done``: one
    was completed. ``replayed``: the token was presented before, for another message or for a run that is at work or
    was completed.
    """

    state: Literal["free", "busy", "done", "replayed"]
    wait: float = 0.0
    """Seconds after which a busy message is free at the latest."""


class Store(Protocol):
    """Where runs are claimed. One store serves any number of views, threads and processes.

    ``claim`` decides and takes in one step: of any number of simultaneous claims for one message at most one is
    ``free``. What it took ends with ``complete`` or ``release``, or by itself when the lease is over. Both change
    nothing and return False once another run holds the message. Any exception counts as "store unavailable".
    """

    def claim(self, run: Run) -> Standing: ...
    def complete(self, run: Run) -> bool:
        """The message is done."""
        ...

    def release(self, run: Run) -> bool:
        """Another run may start, with this token too: a delivery that failed may come again as it was."""
        ...

    async def aclaim(self, run: Run) -> Standing: ...
    async def acomplete(self, run: Run) -> bool: ...
    async def arelease(self, run: Run) -> bool: ...


METHODS = ("claim", "complete", "release", "aclaim", "acomplete", "arelease")


def run_of(delivery: Delivery, method: str, now: float) -> Run:
    """The run that ``delivery`` asks for, which came as ``method``; ``now`` is in Unix seconds."""
    claims = delivery.claims
    # A token without a jti is known by all that was signed.
    token = _digest("jti", claims.jti) if claims.jti else _digest("token", *map(str, claims[:5]))
    # Without an id it cannot be told from other messages with the same body: it is known by its token alone.
    known_by = ("id", delivery.message_id) if delivery.message_id else ("token", token)
    return Run(
        message=_digest(*known_by, method, claims.sub, claims.body.rstrip("=")),
        token=token,
        holder=uuid4().hex,
        # The tolerance of the receiver that took it may differ from the next one's; at least a second is left.
        token_ttl=max(claims.exp + LARGEST_TOLERANCE - now, 1.0),
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
