"""The log as its readers see it: each event with its message and, where one had just ended, its attempt.

Spec: https://upstash.com/docs/qstash/api/logs
"""

from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace

from ..model import Event, Filter, Message, Outcome, Page, Refused
from ..tables import Store
from ..tables.log import Entry
from .pages import beyond, page, position

STATES = ("CREATED", "ACTIVE", "RETRY", "ERROR", "DELIVERED", "FAILED", "CANCEL_REQUESTED", "CANCELED")
# What may be asked for without being written anywhere.
_ALIASES = {"IN_PROGRESS": ("ACTIVE", "RETRY", "ERROR"), "CANCELLED": ("CANCELED",)}
_LONGEST_ERROR = 1000


class Log:
    def __init__(self, store: Store) -> None:
        self._store = store

    def events(self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = False) -> Page[Event]:
        """Up to ``count``, fewer when their bodies are large."""
        wanted = replace(wanted, states=_states(wanted.states))
        return page(
            self._events(wanted, beyond(cursor), earliest_first),
            count,
            position_of=lambda event: position(event.at, event.seq),
            size_of=size_of,
        )

    def groups(
        self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = False
    ) -> Page[Sequence[Event]]:
        """Up to ``count`` messages, each with all of its events that are wanted, and once.

        A message stands where the first of its events does, in the order that was asked for.
        """
        wanted = replace(wanted, states=_states(wanted.states))
        return page(
            self._groups(wanted, beyond(cursor), earliest_first),
            count,
            position_of=lambda group: position(group[0].at, group[0].seq),
            size_of=lambda group: sum(map(size_of, group)),
        )

    def _groups(self, wanted: Filter, start: int | None, earliest_first: bool) -> Generator[Sequence[Event]]:
        seen: set[int] = set()
        for entry in self._store.log.entries(wanted, beyond=start, earliest_first=earliest_first):
            if entry.message in seen:
                continue
            seen.add(entry.message)
            message = self._store.messages.get(entry.message)
            assert message is not None, "a message is removed together with its events"
            its = replace(wanted, message_ids=(message.id,))
            group = list(self._events(its, None, earliest_first))
            # Else an earlier page had it.
            if group[0].seq == entry.seq:
                yield group

    def _events(self, wanted: Filter, start: int | None, earliest_first: bool) -> Generator[Event]:
        return events_of(self._store, self._store.log.entries(wanted, beyond=start, earliest_first=earliest_first))


def events_of(store: Store, entries: Iterable[Entry]) -> Generator[Event]:
    """The entries with their messages and attempts, read as they are taken."""
    messages: dict[int, Message | None] = {}
    for entry in entries:
        if entry.message not in messages:
            messages[entry.message] = store.messages.get(entry.message)
        message = messages[entry.message]
        assert message is not None, "a message is removed together with its events"
        outcome = None if entry.attempt is None else store.log.outcome(entry.attempt)
        yield Event(
            seq=entry.seq,
            at=entry.at,
            state=entry.state,
            message=message,
            error=_error(outcome),
            next_at=entry.next_at,
            outcome=outcome,
        )


def size_of(event: Event) -> int:
    return len(event.message.body) + (len(event.outcome.body) if event.outcome else 0)


def _states(wanted: Sequence[str]) -> tuple[str, ...]:
    found: list[str] = []
    for state in wanted:
        name = state.upper()
        if name not in STATES and name not in _ALIASES:
            raise Refused(400, f"invalid state {state[:40]!r}: use IN_PROGRESS or one of {', '.join(STATES)}")
        found += _ALIASES.get(name, (name,))
    return tuple(found)


def _error(outcome: Outcome | None) -> str | None:
    if outcome is None or outcome.delivered:
        return None
    if outcome.status and not outcome.error:
        return f"the destination answered {outcome.status}"
    return (outcome.error or "no answer")[:_LONGEST_ERROR]
