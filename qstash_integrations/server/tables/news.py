"""What was written into the log since it was last asked for, while somebody listens; undone with its transaction."""

import sqlite3
from typing import NamedTuple

from ..model import Headline, Note
from .encoding import options_from_json

_SELECT = """
    SELECT m.id, m.url, m.options, m.caller_ip, m.queue,
        EXISTS (SELECT 1 FROM queues AS q WHERE q.name = m.queue AND q.paused), m.flow_key,
        EXISTS (SELECT 1 FROM flows AS f WHERE f.key = m.flow_key AND f.paused), m.topic, m.schedule_id,
        (SELECT s.id FROM messages AS s WHERE s.seq = m.source)
    FROM messages AS m WHERE m.seq = ?
"""


class Entry(NamedTuple):
    message: int
    state: str
    at: float
    next_at: float | None


class News:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._listens = False
        self.fresh: list[Entry | Note] = []

    def listen(self) -> None:
        self._listens = True

    def tell(self, news: Entry | Note) -> None:
        if self._listens:
            self.fresh.append(news)

    def take(self) -> list[Entry | Note]:
        taken, self.fresh = self.fresh, []
        return taken

    def headline(self, entry: Entry) -> Headline | None:
        row = self._connection.execute(_SELECT, (entry.message,)).fetchone()
        if row is None:
            return None
        id_, url, options, caller_ip, queue, queue_paused, flow_key, flow_paused, topic, schedule_id, callback_of = row
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
        )
