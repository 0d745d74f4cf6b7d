"""How long what is over stays. A little is removed at a time, so that nothing else has to wait for it."""

from ..model import READABLE_FOR, Note, Retention
from ..tables import Store
from .commits import Commits

_AT_ONCE = 500
# Where it is bytes that are too many, few messages may be most of them.
_LARGE_AT_ONCE = 50


class Sweeping:
    def __init__(self, store: Store, commit: Commits, retention: Retention) -> None:
        self._store = store
        self._commit = commit
        self._retention = retention

    def sweep(self) -> int:
        """Remove some of what is kept no longer; call it again soon unless it answers 0."""
        with self._commit() as now:
            disposal = self._store.disposal
            removed = self._store.duplicates.forget_expired(now, _AT_ONCE)
            removed += disposal.remove_dead_letters(now - self._retention.dead_letters, _AT_ONCE)
            excess = disposal.dead_letters() - self._retention.dead_letter_count
            removed += disposal.remove_dead_letters(now, _capped(excess))
            removed += disposal.remove_finished(now - self._retention.messages, _AT_ONCE)
            excess = disposal.finished().messages - self._retention.message_count
            removed += disposal.remove_finished(now - READABLE_FOR, _capped(excess))
            removed += disposal.remove_runs(now - self._retention.messages, _AT_ONCE)
            excess = disposal.ended_runs().messages - self._retention.message_count
            removed += disposal.remove_runs(now - READABLE_FOR, _capped(excess))
            if disposal.ended_runs().bytes > self._retention.message_bytes:
                removed += disposal.remove_runs(now - READABLE_FOR, _LARGE_AT_ONCE)
            if disposal.finished().bytes > self._retention.message_bytes:
                # Dead letters are kept for longer, but not at any price.
                removed += disposal.remove_finished(now - READABLE_FOR, _LARGE_AT_ONCE) or disposal.remove_dead_letters(
                    now - READABLE_FOR, _LARGE_AT_ONCE
                )
            return removed

    def clear(self) -> None:
        """Forget all but the signing keys and the token. What is under way arrives, and nobody learns of it."""
        with self._commit() as now:
            self._store.disposal.remove_all()
            self._store.news.tell(
                Note(at=now, text="everything was cleared: messages, schedules, queues, groups, runs")
            )


def _capped(excess: int) -> int:
    return min(max(excess, 0), _AT_ONCE)
