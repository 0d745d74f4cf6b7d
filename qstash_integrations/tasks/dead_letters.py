"""The dead letters of one task, found by the label that each of its calls has: to look at, publish anew, or delete.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from .._core.durations import Duration, parse_duration
from .._core.publishing.filters import DlqFilter
from .._core.publishing.operations.bulk import MOST_AT_ONCE
from .calls import refuse_in_event_loop
from .origin import origin

if TYPE_CHECKING:
    from .._core.publishing.results.dlq import DlqMessage
    from .._core.publishing.results.published import PublishResponse


class DeadLetters:
    """Those that are in the queue when it is asked for them.

    ``retry`` and ``delete`` read their ids first: one that is published anew and fails again stays where it is then.
    """

    def __init__(self, labels: Sequence[str], since: Duration | datetime | None = None) -> None:
        self._filter: DlqFilter = {"label": labels}
        if isinstance(since, datetime):
            self._filter["from_time"] = since
        elif since is not None:
            self._filter["from_time"] = round((time.time() - parse_duration(since, "since").total_seconds()) * 1000)

    def __iter__(self) -> "Iterator[DlqMessage]":
        """Oldest first, read a page at a time."""
        refuse_in_event_loop("them with async for")
        return origin().client().dlq.iter(filter=self._filter)

    def __aiter__(self) -> "AsyncIterator[DlqMessage]":
        return origin().aclient().dlq.iter(filter=self._filter)

    def retry(self) -> "list[PublishResponse]":
        """Publish each of them anew, as it was, and take it out of the queue; the new messages."""
        letters = [letter.dlq_id for letter in self]
        queue = origin().client().dlq
        return [receipt for ids in _hundreds(letters) for receipt in queue.retry_many(ids)]

    async def aretry(self) -> "list[PublishResponse]":
        """``retry`` for ``async`` code."""
        letters = [letter.dlq_id async for letter in self]
        queue = origin().aclient().dlq
        return [receipt for ids in _hundreds(letters) for receipt in await queue.retry_many(ids)]

    def delete(self) -> int:
        """Delete each of them; how many that were."""
        letters = [letter.dlq_id for letter in self]
        queue = origin().client().dlq
        return sum(queue.delete_many(ids) for ids in _hundreds(letters))

    async def adelete(self) -> int:
        """``delete`` for ``async`` code."""
        letters = [letter.dlq_id async for letter in self]
        queue = origin().aclient().dlq
        return sum([await queue.delete_many(ids) for ids in _hundreds(letters)])


def _hundreds(ids: list[str]) -> Iterator[list[str]]:
    return (ids[start : start + MOST_AT_ONCE] for start in range(0, len(ids), MOST_AT_ONCE))
