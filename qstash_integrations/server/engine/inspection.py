"""What a person looks at and no SDK asks for. Reads only, and never for long: deliveries wait meanwhile."""

import time
from collections.abc import Callable, Sequence

from ..attempt import SignedRequest, signed_request
from ..model import Event, Limits, Listed, Message, Overview, Page, Refused, Related, Schedule, Search, Second
from ..rules.cron import check_cron, next_tick
from ..tables import Store
from .commits import Commits
from .keys import SigningKeys
from .log import events_of
from .pages import beyond, position
from .workflows.lists import with_list

# Seconds that one call may spend on looking for messages, and how many it looks at between two looks at the watch.
PATIENCE = 0.05
STRETCH = 500
MOST_EVENTS = 200_000
MOST_CALLBACKS = 100
_STATES = ("queued", "waiting", "retrying", "held", "active", "delivered", "failed", "canceled")


class Inspection:
    """``wall_clock`` is what signatures carry."""

    def __init__(
        self, store: Store, commit: Commits, limits: Limits, keys: SigningKeys, *, wall_clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._commit = commit
        self._limits = limits
        self._keys = keys
        self._wall_clock = wall_clock

    def overview(self) -> Overview:
        """Counts that cost nothing to know."""
        return Overview(
            now=self._commit.now(),
            position=self._store.log.last(),
            unfinished=self._store.messages.total().messages,
            finished=self._store.disposal.finished().messages,
            dead_letters=self._store.disposal.dead_letters(),
            active=self._store.messages.active(),
            parallelism=self._limits.parallelism,
        )

    def messages(
        self, wanted: Search, *, cursor: str | None, count: int, stopwatch: Callable[[], float] = time.monotonic
    ) -> Page[Listed]:
        """Up to ``count`` messages, the newest first. Fewer, even none, when looking for them takes long.

        Where the cursor says that there is more, there may be.
        """
        unknown = next((state for state in wanted.states if state not in _STATES), None)
        if unknown is not None:
            raise Refused(400, f"invalid state {unknown[:40]!r}: use one of {', '.join(_STATES)}")
        until = stopwatch() + PATIENCE
        found: list[Listed] = []
        before = beyond(cursor)
        while True:
            stretch = self._store.listing.stretch(wanted, before=before, length=STRETCH)
            found += stretch.found
            if len(found) > count:
                last = found[count - 1]
                return self._page(found[:count], position(last.created_at, last.seq))
            if stretch.last is None:
                return self._page(found, None)
            before = stretch.last
            if stopwatch() > until:
                return self._page(found, position(0, before))

    def _page(self, found: Sequence[Listed], cursor: str | None) -> Page[Listed]:
        return Page(items=tuple(self._store.listing.begun(found)), cursor=cursor)

    def message(self, message_id: str) -> Message:
        """However it ended, and for as long as anything is kept of it. Refused with 404 after that."""
        message = self._store.messages.by_id(message_id)
        if message is None:
            raise Refused(404, f"message {message_id[:80]!r} not found")
        return message

    def related(self, message: Message) -> Related:
        letter = None if message.run is not None else self._store.dead_letters.of(message.seq)
        source = None if message.source is None else self._store.messages.head(message.source)
        made = self._store.listing.begun(self._store.listing.callbacks(message.seq, MOST_CALLBACKS))
        failures = _of_failures(made, message)
        return Related(
            dlq_id=None if letter is None else position(letter.at, letter.seq),
            source_id=None if source is None else source.id,
            run=None if message.run is None else self._store.runs.get(message.run),
            callbacks=tuple(one for one in made if one not in failures),
            failure_callbacks=tuple(failures),
        )

    def history(self, message: Message) -> list[Event]:
        """All that happened to it, the oldest first."""
        return list(events_of(self._store, self._store.log.of(message.seq)))

    def next_request(self, message: Message) -> SignedRequest:
        """What an attempt made now would send."""
        return signed_request(with_list(self._store, message), self._keys.get(), self._wall_clock())

    def next_ticks(self, schedule: Schedule, count: int) -> Sequence[float]:
        """When a schedule publishes next; none while it is paused."""
        return _ticks(schedule.cron, schedule.next_at, count)

    def ticks_of(self, cron: str, count: int) -> Sequence[float]:
        """When a schedule with this expression would publish; Refused where it is none, as it would be."""
        now = self._commit.now()
        cron = check_cron(cron, now)
        return _ticks(cron, next_tick(cron, now), count)

    def seconds(self, since: float) -> list[Second]:
        """How attempts ended, for each second from ``since`` on in which one did, the oldest first."""
        counts: dict[int, list[int]] = {}
        for at, state in self._store.log.states(MOST_EVENTS):
            if at < since:
                break
            if state not in ("DELIVERED", "ERROR", "FAILED"):
                continue
            count = counts.setdefault(int(at), [0, 0, 0])
            if state == "DELIVERED":
                count[0] += 1
            else:
                # Of an attempt that failed for good, the log has both: that it failed, and that it was the last.
                count[1] += 1 if state == "ERROR" else -1
                count[2] += state == "FAILED"
        return [Second(at=at, delivered=d, retried=r, failed=f) for at, (d, r, f) in sorted(counts.items())]


def _ticks(cron: str, first: float | None, count: int) -> list[float]:
    ticks: list[float] = []
    while first is not None and len(ticks) < count:
        ticks.append(first)
        first = next_tick(cron, first)
    return ticks


def _of_failures(made: Sequence[Listed], message: Message) -> list[Listed]:
    """Those of the messages that its attempts made which tell of a failure, its own or that of a callback."""
    callback, failure_callback = message.options.callback, message.options.failure_callback
    url = None if callback is None else callback.url
    failures = [one for one in made if one.url != url]
    if failure_callback is not None and failure_callback.url == url and message.ended == "FAILED":
        # Of the two that the last attempt made for one URL, the callback came first.
        failures += [one for one in made if one.created_at == message.finished_at][-1:]
    return failures
