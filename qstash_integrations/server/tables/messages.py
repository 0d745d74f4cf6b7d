"""Messages: accepted, moved from state to state, found again. Which state comes next is the engine's affair."""

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from typing import Any, NamedTuple

from ..model import Draft, Ending, Filter, Message, State
from .encoding import any_of, options_from_json, options_to_json
from .filters import conditions

SELECT_MESSAGE = """
    SELECT m.seq, m.id, m.state, m.url, m.options, m.created_at, m.not_before_at, m.due_at, m.retried, m.queue,
        m.flow_key, m.topic, m.endpoint, m.schedule_id, m.caller_ip, m.source, m.cancel_requested, m.finished_at,
        m.ended, m.run, m.call_type, m.entry, m.step, r.id, COALESCE(e.name, ''),
        COALESCE(b.body, e.body)
    FROM messages AS m LEFT JOIN bodies AS b ON b.message = m.seq
        LEFT JOIN run_entries AS e ON e.run = m.run AND e.position = m.entry
        LEFT JOIN runs AS r ON r.seq = m.run
"""
_IS_HELD = "length(b.body) <= :most"
# The length of a body is known without reading it.
_HEAD = SELECT_MESSAGE.replace(
    "COALESCE(b.body, e.body)",
    f"CASE WHEN b.body IS NULL THEN e.body WHEN {_IS_HELD} THEN b.body END,"
    f" CASE WHEN b.body IS NULL OR {_IS_HELD} THEN 0 ELSE length(b.body) END",
)
MOST_HELD = 256 * 1024
"""Bytes of a body that is handed out whole, and those that one of any size is read and written by at a time."""
_UNFINISHED = """
    SELECT m.seq, m.state, m.queue, m.flow_key, m.source, m.cancel_requested FROM messages AS m
    WHERE m.state <> 'done' AND m.cancel_requested = 0 AND m.run IS NULL
"""
_SINCE, _UNTIL = " AND m.created_at >= ?", " AND m.created_at <= ?"


class Unfinished(NamedTuple):
    """What must be known of a message to end it."""

    seq: int
    state: State
    queue: str | None
    flow_key: str | None
    source: int | None
    cancel_requested: bool


class Total(NamedTuple):
    messages: int
    bytes: int


class Messages:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, draft: Draft, state: State, flow_key: str | None, place: str) -> int:
        """The sequence number of the message that the draft becomes."""
        cursor = self._connection.execute(
            "INSERT INTO messages (id, state, url, options, created_at, not_before_at, due_at, queue, flow_key, place,"
            " topic, endpoint, schedule_id, caller_ip, source, size, run, call_type, entry, step)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                draft.id,
                state,
                draft.url,
                options_to_json(draft.options),
                draft.created_at,
                draft.due_at,
                draft.due_at,
                draft.queue,
                flow_key,
                place,
                draft.topic,
                draft.endpoint,
                draft.schedule_id,
                draft.caller_ip,
                draft.source,
                0 if draft.entry is not None else len(draft.body),
                draft.run,
                draft.call_type,
                draft.entry,
                draft.step,
            ),
        )
        seq = cursor.lastrowid
        assert seq is not None
        # What is in a run's list is stored there, once.
        if draft.body and draft.entry is None:
            self._write(seq, draft.body)
        return seq

    def _write(self, seq: int, body: bytes) -> None:
        if len(body) <= MOST_HELD:
            self._connection.execute("INSERT INTO bodies (message, body) VALUES (?, ?)", (seq, body))
            return
        # Into its place: as a value of a statement SQLite would copy it twice.
        self._connection.execute("INSERT INTO bodies (message, body) VALUES (?, zeroblob(?))", (seq, len(body)))
        with self._connection.blobopen("bodies", "body", seq) as blob, memoryview(body) as view:
            for start in range(0, len(body), MOST_HELD):
                blob.write(view[start : start + MOST_HELD])

    def get(self, seq: int) -> Message | None:
        row = self._connection.execute(f"{SELECT_MESSAGE} WHERE m.seq = ?", (seq,)).fetchone()
        return message_of(row) if row else None

    def head(self, seq: int) -> Message | None:
        """As ``get``, but a large body stays where it is, for ``parts``."""
        row = self._connection.execute(f"{_HEAD} WHERE m.seq = :seq", {"seq": seq, "most": MOST_HELD}).fetchone()
        if row is None:
            return None
        *columns, unread = row
        return message_of(columns, unread)

    def parts(self, seq: int) -> Generator[bytes]:
        """A body, each part read when it is asked for: nothing is kept open while somebody takes their time."""
        part, place = self._part(seq, 0), 0
        while part:
            yield part
            place += len(part)
            part = self._part(seq, place)

    def _part(self, seq: int, place: int) -> bytes:
        with self._connection.blobopen("bodies", "body", seq, readonly=True) as blob:
            blob.seek(place)
            return blob.read(MOST_HELD)

    def by_id(self, message_id: str) -> Message | None:
        row = self._connection.execute(f"{SELECT_MESSAGE} WHERE m.id = ?", (message_id,)).fetchone()
        return message_of(row) if row else None

    def endings(self, message_ids: Iterable[str]) -> dict[str, Ending | None]:
        """How each of the messages ended, None for one that did not yet; a message that is gone is left out."""
        return dict(
            self._connection.execute(
                "SELECT id, ended FROM messages WHERE id IN (SELECT value FROM json_each(?))", (any_of(message_ids),)
            )
        )

    def unfinished(self, wanted: Filter, count: int | None) -> list[Unfinished]:
        """Those not over and not asked to be, in the order of acceptance; none of a workflow run."""
        sql, parameters = conditions(wanted, since=_SINCE, until=_UNTIL)
        rows = self._connection.execute(
            f"{_UNFINISHED}{sql} ORDER BY m.created_at, m.seq LIMIT ?",
            (*parameters, -1 if count is None else count),
        )
        return [Unfinished(*row) for row in rows]

    def of_run(self, run: int) -> list[Unfinished]:
        """Those of a workflow run that are not over, but for the call that tells of its failure."""
        rows = self._connection.execute(
            "SELECT seq, state, queue, flow_key, source, cancel_requested FROM messages"
            " WHERE run = ? AND state <> 'done' AND call_type <> 'failureCall' ORDER BY seq",
            (run,),
        )
        return [Unfinished(*row) for row in rows]

    def call(self, run: int, step: int) -> str | None:
        """The id of the call that a step of a run has made."""
        row = self._connection.execute("SELECT id FROM messages WHERE run = ? AND step = ?", (run, step)).fetchone()
        return row[0] if row else None

    def waiting(self, now: float, limit: int) -> list[tuple[int, str | None, str]]:
        """Messages whose moment has come, as (seq, flow-control key, place), the longest due first."""
        return self._connection.execute(
            "SELECT seq, flow_key, place FROM messages WHERE state = 'waiting' AND due_at <= ?"
            " ORDER BY due_at, seq LIMIT ?",
            (now, limit),
        ).fetchall()

    def first_due_at(self) -> float | None:
        due_at: float | None = self._connection.execute(
            "SELECT MIN(due_at) FROM messages WHERE state = 'waiting'"
        ).fetchone()[0]
        return due_at

    def held(self, flow_key: str, limit: int) -> list[tuple[int, str]]:
        """What flow control holds back for a key, as (seq, place), in the order of arrival."""
        return self._connection.execute(
            "SELECT seq, place FROM messages WHERE state = 'held' AND parked = 0 AND flow_key = ?"
            " ORDER BY due_at, seq LIMIT ?",
            (flow_key, limit),
        ).fetchall()

    def parked(self, place: str, limit: int) -> list[tuple[int, str | None]]:
        """What waits for a slot at its destination, as (seq, flow-control key), in the order of arrival."""
        return self._connection.execute(
            "SELECT seq, flow_key FROM messages WHERE state = 'held' AND parked = 1 AND place = ?"
            " ORDER BY due_at, seq LIMIT ?",
            (place, limit),
        ).fetchall()

    def parked_places(self) -> list[str]:
        """Destinations that something is parked for. They are few: each one had a slot when the first was parked."""
        places: list[str] = []
        # One look into the index for each of them, however much is parked there.
        while (place := self._first_parked(places[-1] if places else "")) is not None:
            places.append(place)
        return places

    def _first_parked(self, after: str) -> str | None:
        place: str | None = self._connection.execute(
            "SELECT MIN(place) FROM messages WHERE state = 'held' AND parked = 1 AND place > ?", (after,)
        ).fetchone()[0]
        return place

    def active_places(self) -> list[str]:
        """Where each message that is being delivered goes."""
        return [place for (place,) in self._connection.execute("SELECT place FROM messages WHERE state = 'active'")]

    def active(self) -> int:
        count: int = self._connection.execute("SELECT COUNT(*) FROM messages WHERE state = 'active'").fetchone()[0]
        return count

    def move(self, seqs: Iterable[int], state: State) -> None:
        self._connection.executemany(
            "UPDATE messages SET state = ?, parked = 0 WHERE seq = ?", [(state, seq) for seq in seqs]
        )

    def is_parked(self, seq: int) -> bool:
        row = self._connection.execute("SELECT parked FROM messages WHERE seq = ?", (seq,)).fetchone()
        return bool(row and row[0])

    def park(self, seq: int) -> None:
        self._connection.execute("UPDATE messages SET state = 'held', parked = 1 WHERE seq = ?", (seq,))

    def unpark_all(self) -> None:
        self._connection.execute("UPDATE messages SET state = 'waiting' WHERE state = 'held' AND parked = 1")

    def postpone(self, seq: int, due_at: float) -> None:
        """Wait for the next attempt, which is a retry."""
        self._connection.execute(
            "UPDATE messages SET state = 'waiting', due_at = ?, retried = retried + 1 WHERE seq = ?", (due_at, seq)
        )

    def hasten(self, seq: int, due_at: float) -> None:
        self._connection.execute("UPDATE messages SET due_at = ? WHERE seq = ?", (due_at, seq))

    def grow(self, seq: int, size: int) -> None:
        self._connection.execute("UPDATE messages SET size = size + ? WHERE seq = ?", (size, seq))

    def request_cancel(self, seqs: Sequence[int]) -> None:
        self._connection.execute(
            "UPDATE messages SET cancel_requested = 1 WHERE seq IN (SELECT value FROM json_each(?))", (any_of(seqs),)
        )

    def finish(self, seqs: Sequence[int], ending: Ending, now: float) -> None:
        """End them; one at the head of a queue keeps its place while callbacks of it are under way."""
        self._connection.executemany(
            "UPDATE messages SET state = 'done', ended = ?, finished_at = ?, slot = slot AND EXISTS"
            " (SELECT 1 FROM messages AS c WHERE c.source = messages.seq AND c.state <> 'done') WHERE seq = ?",
            [(ending, now, seq) for seq in seqs],
        )

    def interrupted(self) -> list[Unfinished]:
        """All that is being delivered, and was when the process died."""
        rows = self._connection.execute(
            "SELECT seq, state, queue, flow_key, source, cancel_requested FROM messages WHERE state = 'active'"
        )
        return [Unfinished(*row) for row in rows]

    def total(self) -> Total:
        """All that is not over yet."""
        row = self._connection.execute("SELECT messages, bytes FROM totals WHERE kind = 'unfinished'").fetchone()
        return Total(*row)

    def total_with_lists(self) -> Total:
        """As ``total``, with the bytes of the lists of workflow runs that are not over either."""
        row = self._connection.execute(
            "SELECT u.messages, u.bytes + r.bytes FROM totals AS u, totals AS r"
            " WHERE u.kind = 'unfinished' AND r.kind = 'active_runs'"
        ).fetchone()
        return Total(*row)


def message_of(row: Sequence[Any], unread: int = 0) -> Message:
    (
        seq, id_, state, url, options, created_at, not_before_at, due_at, retried, queue, flow_key, topic,
        endpoint, schedule_id, caller_ip, source, cancel_requested, finished_at, ended, run, call_type, entry, step,
        run_id, step_name, body,
    ) = row  # fmt: skip
    return Message(
        seq=seq,
        id=id_,
        state=state,
        url=url,
        body=body or b"",
        options=options_from_json(options),
        created_at=created_at,
        not_before_at=not_before_at,
        due_at=due_at,
        retried=retried,
        queue=queue,
        flow_key=flow_key,
        topic=topic,
        endpoint=endpoint,
        schedule_id=schedule_id,
        caller_ip=caller_ip,
        source=source,
        cancel_requested=bool(cancel_requested),
        finished_at=finished_at,
        ended=ended,
        run=run,
        call_type=call_type,
        entry=entry,
        step=step,
        unread=unread,
        run_id=run_id,
        step_name=step_name,
    )
