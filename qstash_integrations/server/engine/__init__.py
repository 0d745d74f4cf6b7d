"""What QStash does, as calls. No HTTP, no threads, no sleeping: drivers deliver, and move the clock.

Every call of a part is one transaction, or a part of ``together``, and happens at one moment of the clock. What a
caller got wrong is a ``Refused`` with an HTTP status; a full disk is ``StorageFull``, which is one too. Belongs to one
thread at a time.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

from ..._core.receiving.receiver import wall_clock
from ..model import Keys, Limits, Retention
from ..tables import Store
from .acceptance import Acceptance
from .claiming import Claiming
from .commits import Commits
from .dead_letters import DeadLetters
from .endings import Endings
from .flows import Flows
from .heads import Heads
from .holding import Holding
from .inspection import Inspection
from .keys import SigningKeys
from .letters import Letters
from .log import Log
from .messages import Messages
from .news import News
from .planning import Planning
from .publishing import Publishing
from .queues import Queues
from .recording import Recording
from .retention import Sweeping
from .run_log import RunLogs
from .schedules import Schedules
from .scheduling import Scheduling
from .url_groups import UrlGroups
from .workflows import Runs, Workflows
from .workflows.failed import FailedRuns
from .workflows.items import Items
from .workflows.outcomes import Outcomes
from .workflows.repeating import Repeating
from .workflows.triggering import Triggering
from .workflows.waiting import Waiting
from .workflows.waits import Waits

__all__ = ["Engine"]

_Clock = Callable[[], float]


class Engine:
    """The server's whole behaviour over a store, which it closes in the end, in parts that callers use.

    ``clock`` says what is due; ``wall_clock`` is what the dates in a Retry-After are compared with. ``keys`` are
    the signing keys where the store has none yet, a fresh pair for None.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: _Clock = wall_clock,
        wall_clock: _Clock = wall_clock,
        keys: Keys | None = None,
        limits: Limits | None = None,
        retention: Retention | None = None,
    ) -> None:
        self._store = store
        self.limits: Limits = limits or Limits()
        # Steps that several calls have in common; none of them is a call.
        commit = Commits(store, clock)
        holding, heads = Holding(store), Heads(store, self.limits)
        endings = Endings(store, holding, heads)
        acceptance = Acceptance(store, self.limits, holding, heads)
        runs = Runs(store, acceptance, endings)
        waits = Waits(store, acceptance, self.limits, runs)
        letters, repeating = Letters(store), Repeating(store, acceptance, runs)
        items, outcomes = Items(store, acceptance, endings, runs), Outcomes(store, acceptance, runs)
        planning = Planning(store, acceptance, heads, items)
        scheduling = Scheduling(store, self.limits, acceptance)

        self.publishing: Publishing = Publishing(commit, self.limits, planning, scheduling)
        self.messages: Messages = Messages(store, commit, acceptance, endings)
        self.queues: Queues = Queues(store, commit, self.limits, heads, endings)
        self.schedules: Schedules = Schedules(store, commit, scheduling, planning)
        self.url_groups: UrlGroups = UrlGroups(store, commit, self.limits)
        self.flows: Flows = Flows(store, commit, holding)
        self.claiming: Claiming = Claiming(store, commit, self.limits, endings, waits)
        self.recording: Recording = Recording(store, commit, acceptance, endings, outcomes, wall_clock=wall_clock)
        self.workflows: Workflows = Workflows(store, commit, runs)
        self.triggering: Triggering = Triggering(store, commit, planning)
        self.waiting: Waiting = Waiting(store, commit, waits)
        self.dead_letters: DeadLetters = DeadLetters(store, commit, acceptance, letters)
        self.failed_runs: FailedRuns = FailedRuns(store, commit, acceptance, endings, letters, repeating)
        self.log: Log = Log(store)
        self.news: News = News(store)
        self.run_log: RunLogs = RunLogs(store)
        self.keys: SigningKeys = SigningKeys(store, commit, keys)
        self.retention: Sweeping = Sweeping(store, commit, retention or Retention())
        self.inspection: Inspection = Inspection(store, commit, self.limits, self.keys, wall_clock=wall_clock)

    def together(self) -> AbstractContextManager[None]:
        """One commit for the calls in the block; when it cannot be made, nothing of any of them is stored.

        A call that is Refused, and that the block catches, leaves the others alone. Any other failure undoes them as
        well, which the block's end raises: they can be made again, one by one.
        """
        return self._store.transaction()

    def close(self) -> None:
        self._store.close()
