"""One run of the handler for one message: what a store is asked for, and what it answers.

A run is known by two keys, both digests. ``message`` is made of the message id, the signed URL, the signed body hash
and the method. Id and method are unsigned: the id alone would let whoever holds one genuine token mark another message
as done, and without the method an answer to GET would count for the POST. ``token`` is the token's ``jti``. A token
belongs to the first message it was presented for, and is a replay for every other.

The call of a task has an id of its own in the signed URL. It is known by that alone: published twice, it is one run.

Spec: https://upstash.com/docs/qstash/features/retry
"""

import hashlib
import os
import re
from json.encoder import encode_basestring_ascii
from typing import Literal, NamedTuple, Protocol

from ..errors import ConfigurationError
from .delivery import Delivery
from .receiver import LARGEST_TOLERANCE

# Seconds without a renewal, then the handler is taken for dead. The first retry of the default backoff comes 12 s after
# a handler was killed: no retry is spent on a 409, and a message that has a single one runs again.
LEASE = 10.0
# Seconds: five retries by the default backoff come within 31 hours, with two hours for each of the attempts within 43.
KEPT = 2 * 86_400.0
METHODS = ("POST", "GET", "PUT", "PATCH", "DELETE")  # that QStash delivers with
_CALL_ID = re.compile(r"[?&]id=([0-9a-f]{32})(?=&|\Z)", re.ASCII)
_LONGEST_LEASE = 86_400.0
_LONGEST_KEPT = 366 * 86_400.0


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
    """How long the run is at work unless it is renewed."""
    kept: float = KEPT
    """How long a message that is done is remembered."""
    within: tuple[str, ...] = ()
    """The holders of the runs that layers further out began for the same request."""


class Standing(NamedTuple):
    """What a store found.

    ``free``: the run is taken, the handler may start. ``held``: by one of the runs that this one is ``within``, so that
    the handler may start as well. ``busy``: another run is at work on the message. ``done``: one was completed.
    ``replayed``: the token was presented before, for another message or for a run that is at work or was completed.
    """

    state: Literal["free", "held", "busy", "done", "replayed"]
    wait: float = 0.0
    """Seconds after which a busy message is free at the latest, if its lease is not renewed."""


class Store(Protocol):
    """Where runs are claimed. One store serves any number of views, threads and processes.

    ``claim`` decides and takes in one step: of any number of simultaneous claims for one message at most one is
    ``free``. What it took ends with ``complete`` or ``release``, or by itself when the lease is over. ``renew`` and
    these two change nothing and return False once another run holds the message. Any exception counts as "store
    unavailable".

    ``renew`` is called from a thread of ours, for the runs of event loops too, and has no async form. It must give up
    well within the lease: one thread renews the leases of all stores.
    """

    @property
    def lease(self) -> float:
        """Seconds after which a run that was not renewed is over."""
        ...

    @property
    def kept(self) -> float:
        """Seconds for which a message that is done is remembered."""
        ...

    def claim(self, run: Run) -> Standing:
        """Take the message for this run if it is free, and say how it stands.

        Whatever it raises is answered 503, and the handler does not run.
        """
        ...

    def renew(self, run: Run) -> bool:
        """The lease begins anew, also where it was over and nobody came meanwhile; False where somebody has."""
        ...

    def complete(self, run: Run) -> bool:
        """The message is done, and ``claim`` says so for ``kept`` seconds; False where another run holds it."""
        ...

    def release(self, run: Run) -> bool:
        """Another run may start, with this token too: a delivery that failed may come again as it was.

        False where another run holds the message.
        """
        ...

    async def aclaim(self, run: Run) -> Standing:
        """``claim`` for ``async`` code. Must not block the event loop."""
        ...

    async def acomplete(self, run: Run) -> bool:
        """``complete`` for ``async`` code. Must not block the event loop."""
        ...

    async def arelease(self, run: Run) -> bool:
        """``release`` for ``async`` code. Must not block the event loop."""
        ...


MEMBERS = ("lease", "kept", "claim", "renew", "complete", "release", "aclaim", "acomplete", "arelease")


def check_periods(lease: float, kept: float) -> None:
    """ConfigurationError that names the option of a store whose value is no such time."""
    if type(lease) not in (int, float) or not 1 <= lease <= _LONGEST_LEASE:
        raise ConfigurationError(f"lease must be 1 to {_LONGEST_LEASE:.0f} seconds, not {lease!r}")
    if type(kept) not in (int, float) or not lease <= kept <= _LONGEST_KEPT:
        raise ConfigurationError(f"kept must be {lease:g} (the lease) to {_LONGEST_KEPT:.0f} seconds, not {kept!r}")


def run_of(
    delivery: Delivery,
    method: str,
    now: float,
    lease: float = LEASE,
    kept: float = KEPT,
    within: tuple[str, ...] = (),
    *,
    of_tasks: bool = False,
) -> Run:
    """The run that ``delivery`` asks for, which came as ``method``; ``now`` is in Unix seconds.

    With ``of_tasks`` one whose URL has the id of a call is known by that.
    """
    message, token = keys_of(delivery, method, of_tasks=of_tasks)
    return Run(
        message=message,
        token=token,
        holder=os.urandom(16).hex(),
        # The tolerance of the receiver that took it may differ from the next one's; at least a second is left.
        token_ttl=max(delivery.claims.exp + LARGEST_TOLERANCE - now, 1.0),
        lease=lease,
        kept=kept,
        within=within,
    )


def keys_of(
    delivery: Delivery, method: str, *, of_tasks: bool = False, outbox_id: str | None = None
) -> tuple[str, str]:
    """The digests by which a message and a token are known. ``outbox_id`` stands in for the message's own."""
    claims = delivery.claims
    # A token without a jti is known by all that was signed.
    token = _digest("jti", claims.jti) if claims.jti else _digest("token", *map(str, claims[:5]))
    # Without an id it cannot be told from other messages with the same body: it is known by its token alone.
    known_by = ("id", delivery.message_id) if delivery.message_id else ("token", token)
    if outbox_id is not None:
        known_by = ("outbox", outbox_id)
    call_id = call_id_of(claims.sub) if of_tasks else None
    # The rest of a call's URL and its body may differ where it is published again: it has another time, and what it was
    # told of the call before it.
    of_call = ("call", call_id, method, claims.sub.partition("?")[0]) if call_id else None
    return _digest(*(of_call or (*known_by, method, claims.sub, claims.body.rstrip("=")))), token


def call_id_of(url: str) -> str | None:
    """The id of a task's call; None where the URL has none."""
    found = _CALL_ID.search(url)
    return found[1] if found else None


def _digest(*parts: str) -> str:
    # As json.dumps would have them, in half the time. Stores have kept digests of this text: it stays as it is.
    text = f"[{', '.join(map(encode_basestring_ascii, parts))}]"
    return hashlib.sha256(text.encode()).hexdigest()
