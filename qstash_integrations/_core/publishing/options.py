"""THE table of publish options: the client writes by it, the local server reads and renders by it, its dashboard draws
it, and ``docs/options.md`` is made of it.

A new option is one row here and one line in a TypedDict of ``message``. What a kind is on the wire is said where it is
written (``wire``) and where it is read (``server/rules/options``). Destinations and bodies are no options.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "callback", "callback_headers", "choice", "content_type", "cron", "duration", "expression", "flag", "flow_control",
    "headers", "id", "instant", "labels", "name", "number", "queue", "redaction", "text",
]  # fmt: skip
CallKind: TypeAlias = Literal["message", "schedule", "retry", "callback"]
Place: TypeAlias = Literal["messages", "logs", "schedules"]

MOST = 1_000_000  # of whatever a caller counts
_WEEK = 7 * 86_400
_EVERYWHERE: tuple[Place, ...] = ("messages", "logs", "schedules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One row. Its limits count what its unit says; the plan may set narrower ones."""

    name: str
    """The client's keyword."""
    kind: Kind
    header: str = ""
    """What carries it; one that ends in a hyphen is the beginning of several. Its parts may have their own instead."""
    of: tuple[CallKind, ...] = ("message", "schedule")
    """What takes it: a retry is one from the dead letter queue, a callback has options of its own."""
    once: bool = False
    """Whether it means nothing to a message that is published once more."""
    unit: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    """What goes without saying, as on the wire."""
    least: int = 0
    most: int | None = None
    """More is refused by the client."""
    local_most: int | None = None
    """More is refused by the local server, whatever its plan."""
    quota: str = ""
    """The limit of the plan, by the name that QStash refuses more with."""
    longest: int = 1024
    """Characters of a text, for the local server."""
    parts: tuple["Option", ...] = ()
    field: str
    """Of JSON, wherever its value is shown: by the API in ``places``, on the dashboard's page of a message always."""
    places: tuple[Place, ...] = _EVERYWHERE
    other_fields: tuple[tuple[Place, str], ...] = ()
    """Where the API calls it something else."""
    label: str
    """In the dashboard."""
    group: str = ""
    """Of fields in the dashboard's form."""
    example: str = ""
    """As on the wire."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Its own, or those of its parts."""
        return tuple(dict.fromkeys(part.header for part in self.parts)) or (self.header,)

    def field_in(self, place: Place) -> str | None:
        """None where the API does not show it."""
        return dict(self.other_fields).get(place, self.field) if place in self.places else None


def _table(*rows: Option) -> Mapping[str, Option]:
    return {row.name: row for row in rows}


# In the order of the dashboard's form.
# fmt: off
OPTIONS = _table(
    Option(name="method", kind="choice", header="Upstash-Method", of=("message", "schedule", "retry", "callback"),
           choices=("GET", "POST", "PUT", "PATCH", "DELETE"), default="POST",
           field="method", label="Method", group="Message", example="PUT"),
    Option(name="content_type", kind="content_type", header="Content-Type",
           field="header", label="Content type", group="Message", example="application/json"),
    Option(name="label", kind="labels", header="Upstash-Label",
           of=("message", "schedule", "retry", "callback"),
           local_most=32, longest=256,
           field="labels", label="Labels", group="Message", example="signup, eu"),
    Option(name="queue", kind="queue", header="Upstash-Queue-Name",
           field="queueName", label="Queue", group="Message", example="mail"),
    Option(name="headers", kind="headers", header="Upstash-Forward-",
           field="header", label="Headers", group="Message", example="X-Tenant: 42"),
    Option(name="delay", kind="duration", header="Upstash-Delay", once=True,
           unit="seconds", quota="maxDelay",
           field="delay", places=("schedules",), label="Delay", group="When", example="1h30m"),
    Option(name="not_before", kind="instant", header="Upstash-Not-Before", of=("message",), once=True,
           unit="Unix seconds", quota="maxDelay",
           field="notBefore", places=("messages",), label="Not before", group="When", example="1800000000"),
    Option(name="cron", kind="cron", header="Upstash-Cron", of=("schedule",), once=True, longest=256,
           field="cron", places=("schedules",), label="Cron: makes it a schedule", group="When",
           example="CRON_TZ=Europe/Berlin 0 7 * * *"),
    Option(name="schedule_id", kind="name", header="Upstash-Schedule-Id", of=("schedule",), once=True,
           field="scheduleId", label="Schedule id", group="When", example="daily"),
    Option(name="retries", kind="number", header="Upstash-Retries", of=("message", "schedule", "retry", "callback"),
           default="3", most=MOST, quota="maxRetries",
           field="maxRetries", other_fields=(("schedules", "retries"),),
           label="Retries", group="Retries and timeout", example="5"),
    Option(name="retry_delay", kind="expression", header="Upstash-Retry-Delay",
           of=("message", "schedule", "retry", "callback"), unit="milliseconds", most=MOST, longest=256,
           field="retryDelayExpression", label="Retry delay", group="Retries and timeout",
           example="pow(2, retried) * 1000"),
    Option(name="timeout", kind="duration", header="Upstash-Timeout", of=("message", "schedule", "retry", "callback"),
           unit="seconds", least=1, quota="timeout",
           field="timeout", places=("logs", "schedules"), label="Timeout", group="Retries and timeout", example="30s"),
    Option(name="flow_control", kind="flow_control", of=("message", "schedule", "callback"), parts=(
               Option(name="key", kind="text", header="Upstash-Flow-Control-Key", longest=256,
                      field="flowControlKey", label="Flow control key", example="crm"),
               Option(name="parallelism", kind="number", header="Upstash-Flow-Control-Value",
                      least=1, most=MOST, local_most=999_999_999,
                      field="parallelism", label="At a time", example="3"),
               Option(name="rate", kind="number", header="Upstash-Flow-Control-Value",
                      least=1, most=MOST, local_most=999_999_999,
                      field="rate", label="Rate", example="10"),
               Option(name="period", kind="duration", header="Upstash-Flow-Control-Value",
                      unit="seconds", default="1s", least=1, most=_WEEK, local_most=_WEEK,
                      field="period", label="Period", example="1m"),
           ),
           field="flowControlKey", label="Flow control", group="Flow control"),
    Option(name="deduplication_id", kind="id", header="Upstash-Deduplication-Id", of=("message",), once=True,
           field="deduplicationId", places=(), label="Deduplication id", group="Deduplication", example="order-3"),
    Option(name="content_based_deduplication", kind="flag", header="Upstash-Content-Based-Deduplication",
           of=("message",), once=True, default="false",
           field="contentBasedDeduplication", places=(), label="Deduplicated by content", group="Deduplication",
           example="true"),
    Option(name="callback", kind="callback", header="Upstash-Callback", of=("message", "schedule", "retry"),
           field="callback", label="Callback URL", group="Callback", example="https://example.com/done"),
    Option(name="callback_headers", kind="callback_headers", header="Upstash-Callback-",
           field="callbackHeader", other_fields=(("logs", "callbackHeaders"),),
           label="Callback headers", group="Callback", example="X-Job: 7"),
    Option(name="failure_callback", kind="callback", header="Upstash-Failure-Callback",
           of=("message", "schedule", "retry", "callback"), field="failureCallback",
           label="Failure callback URL", group="Failure callback", example="https://example.com/failed"),
    Option(name="failure_callback_headers", kind="callback_headers", header="Upstash-Failure-Callback-",
           field="failureCallbackHeader", other_fields=(("logs", "failureCallbackHeaders"),),
           label="Failure callback headers", group="Failure callback", example="X-Job: 7"),
    Option(name="redact", kind="redaction", header="Upstash-Redact-Fields", of=("message", "schedule", "callback"),
           field="redact", places=(), label="Redacted", group="Redact in logs", example="body, header[X-Key]"),
)
# fmt: on
