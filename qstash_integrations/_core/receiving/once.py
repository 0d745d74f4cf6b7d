"""Once per message: from a verified delivery to the handler's turn, or to the answer for a duplicate.

A turn is done when its response was completed with 2xx or 489. Whatever else becomes of it (another status, an
exception, a response that broke off), the message may come again; so it may when its lease ends, which is renewed for
as long as the turn lasts. Where the store fails, nobody's turn comes: QStash will try again. A genuine token under a
method that QStash never sends is in somebody else's hands: it has no turn, and what frameworks answer to OPTIONS or
HEAD by themselves counts for nothing.

Spec: https://upstash.com/docs/qstash/features/retry
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

from .answers import ALREADY_DONE, REJECTED, STORE_UNAVAILABLE, Answer, in_progress
from .delivery import Delivery
from .recording import UNRECORDED, Work
from .renewals import THE_THREAD, Lease, Renewals
from .report import Reporter
from .runs import METHODS, Run, Standing, Store, run_of

# Whoever comes first when a store is back after a long time waits until all of them are released.
_REMEMBERED = 100


class _Claim(NamedTuple):
    store: Any
    token: str
    holder: str


Claimed: TypeAlias = tuple[_Claim, ...]
"""What was claimed for one request so far, by whichever layers."""


class Turn:
    """The handler's turn with a delivery. Nothing was claimed for it, so nothing has to be ended."""

    __slots__ = ("delivery", "work")
    is_claimed = False
    claimed: Claimed | None = None
    """For layers further in: what was claimed for this request, here and further out. None when nothing was."""

    def __init__(self, delivery: Delivery) -> None:
        self.delivery: Delivery = delivery
        self.work: Work = UNRECORDED
        """What is recorded of it. Whoever takes it away ends it."""

    def end(self, status: int | None) -> None:
        """Once: with the status of the completed response, or with None when there was none. Raises nothing."""

    async def aend(self, status: int | None) -> None:
        """``end`` for ``async`` code."""


class ClaimedTurn(Turn):
    """The turn of a run that a store keeps for it.

    Only the first ``end`` counts. A turn that is forgotten ends with None before the next one begins.
    """

    __slots__ = ("_lease", "_once", "claimed")
    is_claimed = True

    def __init__(self, delivery: Delivery, once: "Once", lease: Lease, claimed: Claimed) -> None:
        super().__init__(delivery)
        self._once = once
        self._lease: Lease | None = lease
        self.claimed: Claimed | None = claimed

    def end(self, status: int | None) -> None:
        lease = self._ended()
        if lease is None:
            return
        store, run = lease.store, lease.run
        try:
            ended: bool = store.complete(run) if self._once.is_done(status) else store.release(run)
        except BaseException as error:  # noqa: BLE001 - a cancellation passes on, once the run is noted
            self._once.unended(run, status, error)
        else:
            _check(ended, lease)

    async def aend(self, status: int | None) -> None:
        lease = self._ended()
        if lease is None:
            return
        from anyio import CancelScope

        store, run = lease.store, lease.run
        # Also where the task is being cancelled: the claim must not wait for the end of its lease.
        with CancelScope(shield=True):
            try:
                ended: bool = await (store.acomplete(run) if self._once.is_done(status) else store.arelease(run))
            except BaseException as error:  # noqa: BLE001 - as above
                self._once.unended(run, status, error)
            else:
                _check(ended, lease)

    def __del__(self) -> None:
        # A response was dropped unsent, say because a hook of the app failed. Only noted here: the garbage collector
        # may be at work in the midst of a call to the store.
        if self._lease is not None:
            self._lease.ended = True
            self._once.forgotten.append(self._lease.run)

    def _ended(self) -> Lease | None:
        lease, self._lease = self._lease, None
        if lease is not None:
            self._once.renewals.forget(lease)
        return lease


class Once:
    """The duplicate protection of one guard."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], float],
        reporter: Reporter,
        renewals: Renewals = THE_THREAD,
        *,
        of_tasks: bool = False,
    ) -> None:
        self.store: Any = store
        self.reporter: Reporter = reporter
        self.renewals: Renewals = renewals
        self._of_tasks = of_tasks
        self.forgotten: deque[Run] = deque(maxlen=_REMEMBERED)
        """What was claimed by turns that nobody ended. Of too many the oldest wait for the end of their lease."""
        self._now = now

    def begin(self, delivery: Delivery, method: str, claimed: Claimed | None = None) -> Turn | Answer:
        """Claim the delivery, which came as ``method``.

        ``claimed`` is that of a turn further out. What was claimed there is not claimed in the same store again.
        """
        run = self._run(delivery, method, claimed)
        if not isinstance(run, Run):
            return run
        try:
            if self.forgotten:
                for forgotten in self._forgotten():
                    self.store.release(forgotten)
            return self._decide(run, self.store.claim(run), delivery, claimed)
        except BaseException as error:  # noqa: BLE001 - a cancellation passes on, once the run is noted
            return self._unavailable(run, error)

    async def abegin(self, delivery: Delivery, method: str, claimed: Claimed | None = None) -> Turn | Answer:
        """``begin`` for ``async`` code."""
        run = self._run(delivery, method, claimed)
        if not isinstance(run, Run):
            return run
        try:
            if self.forgotten:
                for forgotten in self._forgotten():
                    await self.store.arelease(forgotten)
            return self._decide(run, await self.store.aclaim(run), delivery, claimed)
        except BaseException as error:  # noqa: BLE001 - a cancellation passes on, once the run is noted
            return self._unavailable(run, error)

    def _run(self, delivery: Delivery, method: str, claimed: Claimed | None) -> Run | Turn | Answer:
        """The run to claim, or what there is to say without asking the store."""
        # Some frameworks take methods in any case.
        method = method.upper()
        if method not in METHODS:
            self.reporter.repeated("method", delivery.claims.sub)
            return REJECTED
        within = tuple([claim.holder for claim in claimed]) if claimed else ()
        run = run_of(delivery, method, self._now(), self.store.lease, self.store.kept, within, of_tasks=self._of_tasks)
        if claimed and any(claim.store is self.store and claim.token == run.token for claim in claimed):
            return Turn(delivery)
        return run

    def _forgotten(self) -> Iterator[Run]:
        # Other threads take from the same end.
        with suppress(IndexError):
            while self.forgotten:
                run = self.forgotten.popleft()
                try:
                    yield run
                except GeneratorExit:
                    # Releasing it failed: it stays for the next time.
                    self.forgotten.append(run)
                    raise

    def _decide(self, run: Run, standing: Standing, delivery: Delivery, claimed: Claimed | None) -> Turn | Answer:
        match standing.state:
            case "free":
                lease = self.renewals.watch(self.store, run, self.reporter)
                claim = _Claim(self.store, run.token, run.holder)
                return ClaimedTurn(delivery, self, lease, (*(claimed or ()), claim))
            case "held":
                return Turn(delivery)
            case "busy":
                # As long as the lease at most, not a guess: every try too early is one of the message's retries.
                answer = in_progress(min(standing.wait, run.lease))
            case "done":
                answer = ALREADY_DONE
            case _:
                answer = REJECTED
        self.reporter.repeated(standing.state, delivery.claims.sub)
        return answer

    def is_done(self, status: int | None) -> bool:
        """Whether a response of this status, complete, ends the message for good.

        The 489 of a task does not: sent again from the dead letter queue its call has the same id, and is to run.
        """
        return status is not None and (200 <= status < 300 or (status == 489 and not self._of_tasks))

    def unended(self, run: Run, status: int | None, error: BaseException) -> None:
        """The store did not say that a turn has ended: it is released later, unless its work was done."""
        if not self.is_done(status):
            self.forgotten.append(run)
        # The response is on its way; a cancellation goes its own.
        if not isinstance(error, Exception):
            raise error
        self.reporter.store_failed(error)

    def _unavailable(self, run: Run, error: BaseException) -> Answer:
        """Whatever broke must not let a duplicate in; nor may a claim that was made all the same stay for its lease."""
        self.forgotten.append(run)
        if not isinstance(error, Exception):
            raise error
        self.reporter.store_failed(error)
        return STORE_UNAVAILABLE


def _check(ended: bool, lease: Lease) -> None:
    if not ended and not lease.lost:
        lease.reporter.overtaken(lease.run.lease)
