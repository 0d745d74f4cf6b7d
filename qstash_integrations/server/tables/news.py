"""What was written into the log since it was last asked for, while somebody listens; undone with its transaction."""

import sqlite3
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from ..model import Headline, Note
from .encoding import any_of, options_from_json

_SELECT = """
    SELECT m.id, m.url, m.options, m.caller_ip, m.queue,
        EXISTS (SELECT 1 FROM queues AS q WHERE q.name = m.queue AND q.paused), m.flow_key,
        EXISTS (SELECT 1 FROM flows AS f WHERE f.key = m.flow_key AND f.paused), m.topic, m.schedule_id,
        (SELECT s.id FROM messages AS s WHERE s.seq = m.source), r.id, m.call_type, COALESCE(e.name, ''), m.seq
    FROM messages AS m LEFT JOIN runs AS r ON r.seq = m.run
        LEFT JOIN run_entries AS e ON e.run = m.run AND e.position = m.entry
    WHERE m.seq IN (SELECT value FROM json_each(?))
"""


class Entry(NamedTuple):
    message: int
    state: str
    at: float
    next_at: float | None


class News:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._wanted: Collection[str] | None = None
        self.fresh: list[Entry | Note] = []

    def listen(self, states: Collection[str]) -> None:
        """To notes, and to entries of these states."""
        self._wanted = states

    def tell(self, news: Entry | Note) -> None:
        if self._wanted is not None and (isinstance(news, Note) or news.state in self._wanted):
            self.fresh.append(news)

    def take(self) -> list[Entry | Note]:
        taken, self.fresh = self.fresh, []
        return taken

    def headlines(self, entries: Sequence[Entry]) -> dict[Entry, Headline]:
        """Of those whose message is still there."""
        if not entries:
            return {}
        found = self._connection.execute(_SELECT, (any_of({entry.message for entry in entries}),))
        rows = {row[-1]: row[:-1] for row in found}
        return {entry: _headline(entry, rows[entry.message]) for entry in entries if entry.message in rows}


def _headline(entry: Entry, row: Sequence[Any]) -> Headline:
    (
        id_, url, options, caller_ip, queue, queue_paused, flow_key, flow_paused, topic, schedule_id, callback_of,
        run_id, call_type, step_name,
    ) = row  # fmt: skip
    return Headline(
        seq=entry.message,
        state=entry.state,
        at=entry.at,
        next_at=entry.next_at,
        id=id_,
        url=url,
        options=options_from_json(options),
        caller_ip=caller_ip,
        queue=queue,
        queue_paused=bool(queue_paused),
        flow_key=flow_key,
        flow_paused=bool(flow_paused),
        topic=topic,
        schedule_id=schedule_id,
        callback_of=callback_of,
        run_id=run_id,
        call_type=call_type,
        step_name=step_name,
    )
