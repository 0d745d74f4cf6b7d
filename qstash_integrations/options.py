"""The types of options, messages, filters and settings, for annotations of your own.

``def ship(order: Order, **options: Unpack[MessageOptions]) -> None`` takes what ``publish`` takes. A mistake in a
mapping is found by type checkers where the mapping is made. ``docs/options.md`` has the header and the limits of each.
``AppOptions`` is what ``QStash(app, ...)`` takes, ``GuardOptions`` what ``verify_qstash`` does.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from ._core.app_options import AppOptions
from ._core.durations import Duration
from ._core.publishing.filters import DlqFilter, LogFilter, LogState, MessageFilter
from ._core.publishing.manner import ClientOptions
from ._core.publishing.message_options import (
    AnyMessage,
    Api,
    ApiMessage,
    BatchMessage,
    CallbackOptions,
    DefaultOptions,
    DeliveryOptions,
    DlqRetryOptions,
    FlowControl,
    GroupDefaults,
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
from ._core.publishing.retry import RetryOptions
from ._core.receiving.guard import GuardOptions
from ._core.settings.given import Values

__all__ = [
    "AnyMessage",
    "Api",
    "ApiMessage",
    "AppOptions",
    "BatchMessage",
    "CallbackOptions",
    "ClientOptions",
    "DefaultOptions",
    "DeliveryOptions",
    "DlqFilter",
    "DlqRetryOptions",
    "Duration",
    "FlowControl",
    "GroupDefaults",
    "GroupMessage",
    "GuardOptions",
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
    "RetryOptions",
    "ScheduleOptions",
    "UnpinFlowControlOptions",
    "UpsertEndpoint",
    "UrlMessage",
    "Values",
]
