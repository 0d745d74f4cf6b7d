"""Messages as a person looks through them: newest first, without bodies, a stretch of the table at a time."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from ..model import Listed, Search
from .encoding import any_of, options_from_json
from .filters import conditions
from .searching import HAS_TEXT, TEXT, containing, spellings

# Bytes that one stretch may read through for a text: deliveries wait meanwhile.
MOST_SEARCHED = 512 * 1024
# Bytes of a body that are shown of it, and of one that is read for that: of a larger one there is another way.
BEGINNING = 200
MOST_READ = 4096
_STATE = (
    "CASE WHEN m.state = 'done' THEN lower(m.ended)"
    " WHEN m.state = 'waiting' AND m.retried > 0 THEN 'retrying' ELSE m.state END"
)
# All that a message brought and was answered with; what a workflow run has stands in its list.
_SIZES = """
    SELECT m.seq, m.size + COALESCE(length(e.body), 0)
    FROM messages AS m LEFT JOIN run_entries AS e ON e.run = m.run AND e.position = m.entry
    WHERE m.seq < ? ORDER BY m.seq DESC LIMIT ?
"""
_SELECT = f"""
    SELECT m.seq, m.id, {_STATE}, m.url, m.options, m.created_at, m.due_at, m.queue, m.topic, m.schedule_id,
        m.source IS NOT NULL, (SELECT s.id FROM messages AS s WHERE s.seq = m.source), m.retried,
        (SELECT COUNT(*) FROM attempts AS a WHERE a.message = m.seq),
        (SELECT a.status FROM attempts AS a WHERE a.message = m.seq ORDER BY a.id DESC LIMIT 1), m.finished_at,
        (SELECT CAST(round(d.at * 1000) AS INTEGER) || '-' || d.seq FROM dead_letters AS d
            WHERE d.message = m.seq AND m.run IS NULL)
    FROM {TEXT} AS t CROSS JOIN messages AS m LEFT JOIN bodies AS b ON b.message = m.seq
        LEFT JOIN run_entries AS e ON e.run = m.run AND e.position = m.entry
"""  # noqa: S608
_STRETCH, _CALLBACKS = " WHERE m.seq BETWEEN ? AND ?", " WHERE m.source = ? ORDER BY m.seq LIMIT ?"
_BEGINNINGS = f"""
    SELECT m.seq, COALESCE(length(b.body), length(e.body), 0),
        CASE WHEN length(b.body) <= {MOST_READ:d} THEN substr(b.body, 1, :most)
            WHEN b.body IS NULL AND length(e.body) <= {MOST_READ:d} THEN substr(e.body, 1, :most) END
    FROM messages AS m LEFT JOIN bodies AS b ON b.message = m.seq
        LEFT JOIN run_entries AS e ON e.run = m.run AND e.position = m.entry
    WHERE m.seq IN (SELECT value FROM json_each(:seqs))
"""  # noqa: S608
_URL = " AND m.url LIKE ? ESCAPE '\\'"
_SINCE, _UNTIL = " AND m.created_at >= ?", " AND m.created_at <= ?"


class Stretch(NamedTuple):
    found: list[Listed]
    last: int | None  # the oldest that was looked at; None: there are none


class Listing:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stretch(self, wanted: Search, *, before: int | None, length: int) -> Stretch:
        """What is looked for among the ``length`` messages that were accepted last before one of them.

        Among fewer where a text is looked for and they are large.
        """
        start = 2**62 if before is None else before
        sizes = self._connection.execute(_SIZES, (start, length)).fetchall()
        if not sizes:
            return Stretch([], None)
        last = _last(sizes) if wanted.text else sizes[-1][0]
        sql, parameters = _where(wanted)
        rows = self._connection.execute(
            f"{_SELECT}{_STRETCH}{sql} ORDER BY m.seq DESC", (*spellings(wanted.text), last, sizes[0][0], *parameters)
        )
        return Stretch([_listed(row) for row in rows], last)

    def begun(self, found: Sequence[Listed]) -> list[Listed]:
        """The same with the beginnings of their bodies."""
        seqs = any_of(listed.seq for listed in found)
        rows = self._connection.execute(_BEGINNINGS, {"most": BEGINNING, "seqs": seqs})
        begun = {seq: (size, beginning) for seq, size, beginning in rows}
        return [self._begun(listed, *begun[listed.seq]) for listed in found]

    def _begun(self, listed: Listed, size: int, beginning: bytes | None) -> Listed:
        redaction = listed.options.redaction
        if redaction is not None and redaction.body:
            return replace(listed, size=size)
        if beginning is None and size:
            beginning = self._beginning(listed.seq)
        return replace(listed, size=size, beginning=beginning or b"")

    def _beginning(self, seq: int) -> bytes | None:
        """Read in its place: as a value of a statement SQLite would read all of it."""
        try:
            with self._connection.blobopen("bodies", "body", seq, readonly=True) as blob:
                return blob.read(BEGINNING)
        except sqlite3.OperationalError:
            return None  # in the list of a workflow run

    def callbacks(self, seq: int, limit: int) -> list[Listed]:
        """The messages that were made of a message's attempts, the oldest first."""
        rows = self._connection.execute(f"{_SELECT}{_CALLBACKS}", (*spellings(""), seq, limit))
        return [_listed(row) for row in rows]


def _last(sizes: Sequence[tuple[int, int]]) -> int:
    """The number of the first message with which there is enough to read, or of the last one."""
    read = 0
    for seq, size in sizes:
        read += size
        if read > MOST_SEARCHED:
            return seq
    return sizes[-1][0]


def _where(wanted: Search) -> tuple[str, list[Any]]:
    sql, parameters = conditions(wanted.exact, since=_SINCE, until=_UNTIL)
    if wanted.states:
        sql += f" AND {_STATE} IN (SELECT value FROM json_each(?))"  # noqa: S608
        parameters.append(any_of(wanted.states))
    if wanted.url:
        sql += _URL
        parameters.append(containing(wanted.url))
    if wanted.text:
        sql += f" AND {HAS_TEXT}"
    return sql, parameters


def _listed(row: Sequence[Any]) -> Listed:
    (
        seq, id_, state, url, options, created_at, due_at, queue, topic, schedule_id,
        is_callback, source_id, retried, attempts, status, finished_at, dlq_id,
    ) = row  # fmt: skip
    return Listed(
        seq=seq,
        id=id_,
        state=state,
        url=url,
        options=options_from_json(options),
        created_at=created_at,
        due_at=due_at,
        queue=queue,
        topic=topic,
        schedule_id=schedule_id,
        is_callback=bool(is_callback),
        source_id=source_id,
        attempts=attempts,
        retried=retried,
        status=status,
        finished_at=finished_at,
        dlq_id=dlq_id,
    )
