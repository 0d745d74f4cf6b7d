"""Taking rows, sending them, and writing down what came of it: as steps that somebody else takes. No I/O.

The steps are those of ``steps.py``, so threads, event loops and tests on a moved clock all run the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.publishing.operations import Operation
from .calls import Account, Chunk, Receipts, call_of, chunks, problem_of
from .clock import Clock
from .patience import patiently
from .row import Row, new_holder
from .rule import (
    BATCH,
    LEASE,
    Change,
    Fault,
    fault_of,
    is_worth_parting,
    parked,
    pause_after,
    reason,
    refused,
    released,
    sent,
)
from .steps import OfClient, Steps

_RESERVE = 20_000  # milliseconds of a lease in which nothing more is sent: a call may take ten seconds


@dataclass(slots=True, kw_only=True)
class Swept:
    """What was done."""

    sent: int = 0
    parked: int = 0
    refused: int = 0
    """Rows that wait for their next try."""
    lost: int = 0
    """Rows that somebody else had taken meanwhile, whatever became of them here."""
    pause: int = 0
    """Milliseconds for which nothing should be sent; 0 where nothing speaks against it."""
    error: str | None = None
    """Why there is a pause, or the last row was refused or parked."""
    is_over: bool = True
    """Whether nothing was due any more."""

    def add(self, other: "Swept") -> None:
        self.sent += other.sent
        self.parked += other.parked
        self.refused += other.refused
        self.lost += other.lost
        self.pause = other.pause
        self.error = other.error or self.error
        self.is_over = other.is_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How rows are sent."""

    clock: Clock = Clock()  # noqa: RUF009 - immutable
    keep: bool = False
    """Whether rows stay when they are sent."""
    failures: int = 0
    """Pauses that there were one after the other before this."""
    stopped: Callable[[], bool] = bool
    """Asked before each call to QStash: what was taken and not sent by then is left to others."""


def sweep(manner: Manner, *, limit: int | None = None, seconds: float | None = None) -> Steps[Swept]:
    """Send what is due, until nothing is, or so many rows were taken, or so much time has passed."""
    clock = manner.clock
    begun_at = clock.monotonic()
    swept, taken = Swept(), 0
    while True:
        wanted = BATCH if limit is None else min(BATCH, limit - taken)
        is_late = seconds is not None and clock.monotonic() - begun_at >= seconds
        if wanted <= 0 or is_late or swept.pause or manner.stopped():
            swept.is_over = False
            return swept
        rows = yield from _claim(new_holder(), clock, wanted)
        if not rows:
            swept.is_over = True
            return swept
        taken += len(rows)
        swept.add((yield from deliver(rows, manner)))


def written(jobs: Sequence[tuple[Sequence[str], str]], manner: Manner) -> Steps[Swept]:
    """Send the rows that were written under these ids and by these holders, as far as they have committed."""
    rows: list[Row] = []
    for ids, holder in jobs:
        rows += yield from _own(ids, holder, manner.clock)
    if not rows:
        return Swept()
    return (yield from deliver(rows, manner))


def deliver(rows: Sequence[Row], manner: Manner) -> Steps[Swept]:
    """Send rows that were just taken; what is not sent is given back."""
    delivery = _Delivery(rows, manner)
    yield from delivery.run()
    return delivery.swept


def prune(before: int, limit: int, clock: Clock) -> Steps[int]:
    """Delete some of what was sent before; how many rows."""
    count: int = yield from patiently(lambda store: store.prune(before, limit), clock)
    return count


class _Delivery:
    """Rows that are held for the length of a lease."""

    def __init__(self, rows: Sequence[Row], manner: Manner) -> None:
        self.swept = Swept()
        # What has failed before goes behind the others: where it fails again, they have been sent.
        self._rows = sorted(rows, key=lambda row: row.tries)
        self._manner = manner
        self._clock = manner.clock
        self._ends_at = self._clock.monotonic() + (LEASE - _RESERVE) / 1000

    def run(self) -> Steps[None]:
        try:
            account: Account = yield OfClient(_account, waits=False)
        except Exception as error:  # noqa: BLE001 - no settings, or whatever else: the rows are not to blame
            self._pause(error)
            yield from self._settle([released(row, self._clock.now()) for row in self._rows])
            return
        problems = {row.id: problem for row in self._rows if (problem := problem_of(row, account)) is not None}
        yield from self._settle(
            [self._parked(row, problems[row.id]) for row in self._rows if row.id in problems],
        )
        left = list(chunks([row for row in self._rows if row.id not in problems], account))
        while left and not self._is_over():
            yield from self._send(left.pop(0), account)
        yield from self._settle([released(row, self._clock.now()) for chunk in left for row in chunk.rows])

    def _is_over(self) -> bool:
        return bool(self.swept.pause or self._clock.monotonic() >= self._ends_at or self._manner.stopped())

    def _send(self, chunk: Chunk, account: Account) -> Steps[None]:
        rows = chunk.rows
        try:
            receipts: Receipts = yield _call(chunk.operation(account))
        except Exception as error:  # noqa: BLE001 - the rule knows which are a row's fault
            if len(rows) > 1 and is_worth_parting(error):
                yield from self._send_alone(rows, account)
            else:
                yield from self._settle(self._failed(error, rows))
            return
        yield from self._settle(
            [self._sent(row, receipt) for row, receipt in zip(rows, receipts, strict=True) if receipt is not None]
        )
        yield from self._send_alone([row for row, id_ in zip(rows, receipts, strict=True) if id_ is None], account)

    def _send_alone(self, rows: Sequence[Row], account: Account) -> Steps[None]:
        """Under the same ids: what QStash had accepted all the same is merged."""
        left = list(rows)
        while left and not self._is_over():
            row = left.pop(0)
            try:
                receipts: Receipts = yield _call(call_of(row, account))
            except Exception as error:  # noqa: BLE001 - as above
                yield from self._settle(self._failed(error, [row]))
            else:
                yield from self._settle([self._sent(row, receipts[0])])
        yield from self._settle([released(row, self._clock.now()) for row in left])

    def _failed(self, error: Exception, rows: Sequence[Row]) -> list[Change]:
        """Of one row, or of many that do not fare better one by one."""
        fault = fault_of(error, rows[0]) if len(rows) == 1 else Fault.ACCOUNT
        why = reason(error, rows)
        if fault is Fault.ROW:
            return [self._parked(row, why) for row in rows]
        if fault is Fault.ACCOUNT:
            self._pause(error)
        self.swept.refused += len(rows)
        self.swept.error = why
        now = self._clock.now()
        return [refused(row, now, self.swept.pause, why) for row in rows]

    def _pause(self, error: Exception) -> None:
        self.swept.pause = pause_after(error, self._manner.failures, self._clock.now())
        self.swept.error = reason(error, self._rows)

    def _sent(self, row: Row, message_id: str | None) -> Change:
        self.swept.sent += 1
        return sent(row, self._clock.now(), message_id, keep=self._manner.keep)

    def _parked(self, row: Row, why: str) -> Change:
        self.swept.parked += 1
        self.swept.error = why
        return parked(row, why)

    def _settle(self, changes: list[Change]) -> Steps[None]:
        if changes:
            held: int = yield from patiently(lambda store: store.settle(changes), self._clock, rows_at_stake=True)
            self.swept.lost += len(changes) - held


def _claim(holder: str, clock: Clock, limit: int) -> Steps[list[Row]]:
    def claim(store: Any) -> Any:
        now = clock.now()
        return store.claim(holder, now, now + LEASE, limit)

    rows: list[Row] = yield from patiently(claim, clock)
    return rows


def _own(ids: Sequence[str], holder: str, clock: Clock) -> Steps[list[Row]]:
    rows: list[Row] = yield from patiently(lambda store: store.own(ids, holder, clock.now() + LEASE), clock)
    return rows


def _call(operation: Operation[Receipts]) -> OfClient:
    return OfClient(lambda client: client.run(operation), waits=True)


def _account(client: Any) -> Account:
    return Account(client.base_url, client.added)
