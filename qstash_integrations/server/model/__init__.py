"""The values that engine, tables, attempts and rules share. Imports nothing of the server.

Instants are Unix seconds and end in ``_at``; spans are seconds unless the comment says otherwise.
"""

from .instants import milliseconds
from .limits import READABLE_FOR, Limits, Quota, Retention
from .lists import Filter, Listed, Overview, Page, Related, Search, Second
from .messages import DeadLetter, Draft, Ending, Event, Message, Outcome, Publication, Receipt, Receipts, State
from .news import Headline, Note
from .options import CallbackOptions, Flaw, FlowControl, Header, Options, Redaction
from .refusals import Refused, RunIsOver, StartupError, StorageFull
from .resources import Endpoint, Flow, Keys, Queue, Schedule, UrlGroup
from .workflows import (
    DETECTS,
    INITIAL_BODY,
    KEEPS,
    CallType,
    Entry,
    FailureCall,
    FailureState,
    Invoker,
    Notification,
    Notified,
    Run,
    RunFilter,
    RunSettings,
    RunState,
    Step,
    Triggered,
    Wait,
    Waiter,
)

__all__ = [
    "DETECTS",
    "INITIAL_BODY",
    "KEEPS",
    "READABLE_FOR",
    "CallType",
    "CallbackOptions",
    "DeadLetter",
    "Draft",
    "Ending",
    "Endpoint",
    "Entry",
    "Event",
    "FailureCall",
    "FailureState",
    "Filter",
    "Flaw",
    "Flow",
    "FlowControl",
    "Header",
    "Headline",
    "Invoker",
    "Keys",
    "Limits",
    "Listed",
    "Message",
    "Note",
    "Notification",
    "Notified",
    "Options",
    "Outcome",
    "Overview",
    "Page",
    "Publication",
    "Queue",
    "Quota",
    "Receipt",
    "Receipts",
    "Redaction",
    "Refused",
    "Related",
    "Retention",
    "Run",
    "RunFilter",
    "RunIsOver",
    "RunSettings",
    "RunState",
    "Schedule",
    "Search",
    "Second",
    "StartupError",
    "State",
    "Step",
    "StorageFull",
    "Triggered",
    "UrlGroup",
    "Wait",
    "Waiter",
    "milliseconds",
]
