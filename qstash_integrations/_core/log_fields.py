"""The fields of this package's log records, as ``extra=``: what the text says, for machines. ``docs/observability.md``
lists them.

All begin with ``qstash_``, so that none is an attribute that records have anyway. None holds a token, a key, a body, a
query, or the text of an error.
"""

from typing import TypedDict, Unpack


class LogFields(TypedDict, total=False):
    """None counts as not given."""

    reason: str | None
    """Why a request was rejected, or what became of the message that it repeats."""
    method: str | None
    path: str | None
    """Of the request or of the signed URL, without its query."""
    interface: str | None
    """How the request came: ``asgi``, ``wsgi`` or ``aiohttp``."""
    message_id: str | None
    """Unsigned."""
    retried: int | None
    """Unsigned. Retries before this attempt."""
    task: str | None
    """A task's name."""
    call_id: str | None
    """The same on every attempt at a task's call."""
    attempt: int | None
    """From 1 on."""
    status: int | None
    """What QStash was answered."""
    error: str | None
    """The class of an error."""
    seconds: float | None
    """A lease, a delay, a pause, or until QStash comes again."""
    count: int | None
    """Of rows, or of records of this reason that went unwritten before."""
    database: str | None
    """Of an outbox: what its store is called."""
    api: str | None
    """Where the QStash API is."""


# What may come from whoever sent the request is cut.
_LONGEST = 500


def fields(event: str, /, **given: Unpack[LogFields]) -> dict[str, object]:
    """``extra=fields("rejected", reason=...)``: ``qstash_event``, which names the record, and what was given."""
    extra: dict[str, object] = {"qstash_event": event}
    for name, value in given.items():
        if value is not None:
            extra[f"qstash_{name}"] = ascii(value[:_LONGEST])[1:-1] if isinstance(value, str) else value
    return extra
