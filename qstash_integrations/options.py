"""The types of options, messages and filters, for annotations of your own.

``def ship(order: Order, **options: Unpack[MessageOptions]) -> None`` takes what ``publish`` takes. A mistake in a
mapping is found by type checkers where the mapping is made. ``docs/options.md`` has the header and the limits of each.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from ._core.durations import Duration
from ._core.publishing.filters import DlqFilter, LogFilter, LogState, MessageFilter
from ._core.publishing.message import (
    AnyMessage,
    Api,
    ApiMessage,
    BatchMessage,
    DefaultOptions,
    DeliveryOptions,
    DlqRetryOptions,
    FlowControl,
    GroupMessage,
    Instant,
    MessageOptions,
    Method,
    NewSchedule,
    OneReceipt,
    PinFlowControlOptions,
    QueuedApiMessage,
    QueuedGroupMessage,
    QueuedUrlMessage,
    Redact,
    RemoveEndpoint,
    ScheduleOptions,
    UnpinFlowControlOptions,
    UpsertEndpoint,
    UrlMessage,
)

__all__ = [
    "AnyMessage",
    "Api",
    "ApiMessage",
    "BatchMessage",
    "DefaultOptions",
    "DeliveryOptions",
    "DlqFilter",
    "DlqRetryOptions",
    "Duration",
    "FlowControl",
    "GroupMessage",
    "Instant",
    "LogFilter",
    "LogState",
    "MessageFilter",
    "MessageOptions",
    "Method",
    "NewSchedule",
    "OneReceipt",
    "PinFlowControlOptions",
    "QueuedApiMessage",
    "QueuedGroupMessage",
    "QueuedUrlMessage",
    "Redact",
    "RemoveEndpoint",
    "ScheduleOptions",
    "UnpinFlowControlOptions",
    "UpsertEndpoint",
    "UrlMessage",
]
