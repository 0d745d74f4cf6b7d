"""What a verified request carries.

Only ``claims`` and ``body`` are signed by QStash. The other fields come from headers that anybody who holds one
genuine request can change: good for logs and progress, not for decisions about who may do what.

``current_delivery`` finds it without a request at hand: in a context variable, which every adapter sets for as long as
the handler, its stream or its background task runs.

Spec: https://upstash.com/docs/qstash/features/security and https://upstash.com/docs/qstash/features/callbacks
"""

import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar, Token
from typing import Any, NamedTuple, cast

from .token import Claims

OUTBOX_HEADER = "Qstash-Outbox"
"""Forwarded with each message of an outbox: the id of its row, by which an inbox knows the message again."""
_SHOWN: ContextVar["Delivery | OfRequest | None"] = ContextVar("qstash_delivery", default=None)
_LONGEST_HEADER = 1024
_HEADERS = (
    "upstash-message-id",
    "upstash-retried",
    "upstash-schedule-id",
    "upstash-caller-ip",
    "upstash-topic-name",
    "upstash-region",
    OUTBOX_HEADER.lower(),
)


class Delivery(NamedTuple):
    """A request that QStash signed for this URL, this body and this moment.

    What is marked as unsigned is a hint, None where it is absent or malformed: whoever holds a genuine request can
    change it. Body and headers do not show in its repr.

    Spec: https://upstash.com/docs/qstash/features/security
    """

    body: bytes
    """Exactly the bytes that were hashed."""
    claims: Claims
    """What QStash signed."""
    message_id: str | None = None
    """Unsigned. The same on every attempt of one message."""
    retried: int | None = None
    """Unsigned. Retries before this attempt: 0 at first."""
    schedule_id: str | None = None
    """Unsigned."""
    caller_ip: str | None = None
    """Unsigned. The publisher's address."""
    url_group: str | None = None
    """Unsigned."""
    region: str | None = None
    """Unsigned. Where QStash keeps the message, such as "EU-CENTRAL-1"."""
    outbox_id: str | None = None
    """Unsigned. The row of the outbox that it was published from: the same where that was sent a second time."""
    method: str = "POST"
    """Unsigned. As which it came."""

    def json(self) -> Any:
        """The body read as JSON, anew at each call; ValueError when it is none."""
        return json.loads(self.body)

    def __repr__(self) -> str:
        return f"Delivery(message_id={self.message_id!r}, retried={self.retried!r}, body={len(self.body)} bytes)"

    @classmethod
    def of(
        cls,
        claims: Claims,
        body: bytes,
        headers: Callable[[Iterable[str]], Iterable[str | None]],
        method: str = "POST",
    ) -> "Delivery":
        """What adapters make of a verified request; verifies nothing itself.

        ``headers`` looks up headers by their lower-case names. A malformed one counts as absent.
        """
        message_id, retried, schedule_id, caller_ip, url_group, region, outbox_id = [
            text if text and len(text) <= _LONGEST_HEADER and text.isascii() and text.isprintable() else None
            for text in headers(_HEADERS)
        ]
        attempts = int(retried) if retried and retried.isdigit() and len(retried) <= 9 else None
        return cls(
            body, claims, message_id, attempts, schedule_id, caller_ip, url_group, region, outbox_id, method=method
        )


class OfRequest(NamedTuple):
    """A delivery for a framework that knows its current request. One that a handler makes in process is another."""

    delivery: Delivery
    is_current: Callable[[], bool]


def current_delivery() -> Delivery:
    """What QStash has delivered to the verified handler that is running, in every framework and with its type.

    Also in what the handler calls, in threads that its framework starts for it, in its background tasks and while its
    response is streamed. LookupError anywhere else. An unverified endpoint that a handler calls in process, with a test
    client of Django or an ASGI transport, runs in the handler's context and finds its delivery, unless the called app
    is one of Flask's, has a ``QStash(app)`` or stands behind ``QStashMiddleware``.
    """
    delivery = found()
    if delivery is None:
        raise LookupError(
            "no verified handler is running here, so there is no delivery: current_delivery() is for code behind "
            "verify_qstash, VerifiedRoute, protect or QStashMiddleware, and for what it calls"
        )
    return delivery


def found() -> Delivery | None:
    """What ``current_delivery`` finds."""
    shown = _SHOWN.get()
    if isinstance(shown, OfRequest):
        return shown.delivery if shown.is_current() else None
    return shown


show = _SHOWN.set
"""Let ``current_delivery`` find this one in the current context, or none, until ``hide`` gets the token."""


def hide(token: "Token[Any]") -> None:
    """Take back what ``show``, or the ``set`` of another context variable, has put there."""
    try:
        token.var.reset(token)
    except ValueError:
        return  # the garbage collector closes coroutines in whichever context it is called


class Callback(NamedTuple):
    """What QStash reports to a callback or failure-callback URL about one attempt at a message.

    A callback comes after each attempt, a failure callback after the last one that failed: see ``final``.

    Spec: https://upstash.com/docs/qstash/features/callbacks
    """

    status: int
    """The destination's HTTP status; 0 when no answer arrived."""
    headers: Mapping[str, Sequence[str]]
    """The destination's response headers."""
    body: bytes
    """The destination's response body, possibly cut by QStash; the error's text when no answer arrived."""
    retried: int
    """Retries before this attempt."""
    max_retries: int
    """Attempts after the first one at most."""
    source_message_id: str
    """Of the message that this tells of; the callback is a message of its own."""
    url: str
    """The destination of the source message."""
    method: str
    source_headers: Mapping[str, Sequence[str]]
    source_body: bytes
    """What was delivered."""
    dlq_id: str | None = None
    """Set in a failure callback: the entry in the dead letter queue."""
    url_group: str | None = None
    endpoint: str | None = None
    """The endpoint's name within the URL group."""
    schedule_id: str | None = None
    caller_ip: str | None = None
    not_before: int | None = None
    """Unix time in milliseconds."""
    created_at: int | None = None
    """Unix time in milliseconds."""

    @property
    def final(self) -> bool:
        """Whether no attempt follows this one: delivered, refused as not retryable, or out of retries."""
        if 200 <= self.status < 300 or self.dlq_id is not None or self.retried >= self.max_retries:
            return True
        refused = [values for name, values in self.headers.items() if name.lower() == "upstash-nonretryable-error"]
        # Either one alone is an ordinary failure.
        return self.status == 489 and ["true"] in [list(values) for values in refused]

    @classmethod
    def from_delivery(cls, delivery: Delivery) -> "Callback":
        """Read the body of a verified callback request; ValueError that names the field when it is not one."""
        fields: Any = delivery.json()
        if not isinstance(fields, dict):
            raise ValueError("the body of a callback must be a JSON object")
        read = _Fields(cast("dict[str, Any]", fields))
        return cls(
            status=read.number("status", 0),
            headers=read.headers("header"),
            body=read.binary("body"),
            retried=read.number("retried", 0),
            max_retries=read.number("maxRetries", 0),
            source_message_id=read.text("sourceMessageId"),
            url=read.text("url"),
            method=read.text("method", "POST"),
            source_headers=read.headers("sourceHeader"),
            source_body=read.binary("sourceBody"),
            dlq_id=read.optional("dlqId"),
            url_group=read.optional("topicName"),
            endpoint=read.optional("endpointName"),
            schedule_id=read.optional("scheduleId"),
            caller_ip=read.optional("callerIP"),
            not_before=read.number("notBefore", 0) or None,
            created_at=read.number("createdAt", 0) or None,
        )


class _Fields:
    """QStash's documentation prints some numbers as text and some lists of header values as one text."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def optional(self, name: str) -> str | None:
        value = self._fields.get(name)
        return value if isinstance(value, str) and value else None

    def text(self, name: str, default: str | None = None) -> str:
        value = self.optional(name) or default
        if value is None:
            raise ValueError(f"the callback has no {name}")
        return value

    def number(self, name: str, default: int) -> int:
        value = self._fields.get(name, default)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18:
            return int(value)
        if type(value) is not int:
            raise ValueError(f"the callback's {name} is not a whole number")
        return value

    def binary(self, name: str) -> bytes:
        value = self._fields.get(name) or ""
        try:
            return binascii.a2b_base64(value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"the callback's {name} is not base64") from error

    def headers(self, name: str) -> dict[str, tuple[str, ...]]:
        value: Any = self._fields.get(name) or {}
        if not isinstance(value, dict):
            raise ValueError(f"the callback's {name} is not an object")
        headers: dict[str, tuple[str, ...]] = {}
        for key, item in cast("dict[str, Any]", value).items():
            values: list[Any] = [item] if isinstance(item, str) else item
            if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
                raise ValueError(f"the callback's {name} {key!r} is not a text or a list of texts")
            headers[key] = tuple(values)
        return headers
