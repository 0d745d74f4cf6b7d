"""The values that engine, tables, attempts and rules share. Imports nothing of the server.

Instants are Unix seconds and end in ``_at``; spans are seconds unless the comment says otherwise.
"""

from .instants import milliseconds
from .limits import READABLE_FOR, Limits, Retention
from .lists import Filter, Listed, Overview, Page, Search, Second
from .messages import DeadLetter, Draft, Ending, Event, Message, Outcome, Publication, Receipt, Receipts, State
from .options import CallbackOptions, Flaw, FlowControl, Header, Options, Redaction
from .refusals import Refused, StartupError, StorageFull
from .resources import Endpoint, Flow, Keys, Queue, Schedule, UrlGroup

__all__ = [
    "READABLE_FOR",
    "CallbackOptions",
    "DeadLetter",
    "Draft",
    "Ending",
    "Endpoint",
    "Event",
    "Filter",
    "Flaw",
    "Flow",
    "FlowControl",
    "Header",
    "Keys",
    "Limits",
    "Listed",
    "Message",
    "Options",
    "Outcome",
    "Overview",
    "Page",
    "Publication",
    "Queue",
    "Receipt",
    "Receipts",
    "Redaction",
    "Refused",
    "Retention",
    "Schedule",
    "Search",
    "Second",
    "StartupError",
    "State",
    "StorageFull",
    "UrlGroup",
    "milliseconds",
]
