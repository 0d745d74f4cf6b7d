"""What a publisher may ask for, with the message or with its callbacks."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..._core.publishing.options import OPTIONS

Header: TypeAlias = tuple[str, str]

Flaw: TypeAlias = Literal["missing", "malformed", "wrong_key", "issuer", "expired", "url_mismatch", "body_mismatch"]
"""What is wrong with a signature, named as a Receiver's reasons for refusing it are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowControl:
    key: str
    parallelism: int | None = None  # requests in flight; None: unlimited
    rate: int | None = None  # deliveries started in a period; None: unlimited
    period: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What is shown as a hash in every answer; deliveries always carry the original."""

    body: bool = False
    all_headers: bool = False
    headers: tuple[str, ...] = ()  # canonical names


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOptions:
    url: str
    method: str = OPTIONS["method"].default
    headers: tuple[Header, ...] = ()
    retries: int | None = None  # None: as many as the message itself
    retry_delay: str | None = None
    timeout: int | None = None
    flow_control: FlowControl | None = None
    labels: tuple[str, ...] = ()
    redaction: Redaction | None = None  # beside what the message itself hides
    failure_callback: "CallbackOptions | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a publisher may ask for, read from the ``Upstash-*`` headers: what this server acts upon, by name."""

    method: str = OPTIONS["method"].default
    headers: tuple[Header, ...] = ()  # to forward, canonical names, Content-Type included
    retries: int = int(OPTIONS["retries"].default)
    retry_delay: str | None = None  # expression, milliseconds
    timeout: int | None = None
    delay: int = 0
    not_before_at: int | None = None
    deduplication_id: str | None = None
    content_based_deduplication: bool = False
    callback: CallbackOptions | None = None
    failure_callback: CallbackOptions | None = None
    flow_control: FlowControl | None = None
    labels: tuple[str, ...] = ()
    redaction: Redaction | None = None
    queue: str | None = None
    others: tuple[tuple[str, Any], ...] = ()  # options that are kept and shown, no more, by the client's names
    hops: int = 0  # deliveries by a local server that led to its publication, one through the other
    flaw: Flaw | None = None  # sign it wrong; asked for by the dashboard's API only
