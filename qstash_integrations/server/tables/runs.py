"""Workflow runs and their lists of messages. What may be appended, and what ends a run, is the engine's affair."""

import json
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..model import CallType, Entry, FailureCall, Invoker, Run, RunFilter, RunSettings, RunState, Step
from .encoding import any_of, headers_from_json, options_from_json, options_to_json, texts_from_json, to_json

_SELECT = (
    "SELECT r.seq, r.id, r.created_at, r.url, r.state, r.ended_at, r.settings, r.caller_ip, r.labels, r.flow_key,"
    " r.response, r.invoker, r.dlq_id, r.failure FROM runs AS r WHERE "
)
_ENTRY = (
    "SELECT position, message_id, call_type, step_id, target_step, name, type, concurrent, body, created_at, delivered"
    " FROM run_entries WHERE "
)
_CONDITIONS = {
    "ids": " AND r.id IN (SELECT value FROM json_each(?))",
    "runs": " AND r.id || '@' || CAST(round(r.created_at * 1000) AS INTEGER) IN (SELECT value FROM json_each(?))",
    "urls": " AND r.url IN (SELECT value FROM json_each(?))",
    "url_prefixes": (
        " AND EXISTS (SELECT 1 FROM json_each(?) AS prefix WHERE substr(r.url, 1, length(prefix.value)) = prefix.value)"
    ),
    "states": " AND r.state IN (SELECT value FROM json_each(?))",
    "labels": (
        " AND EXISTS (SELECT 1 FROM json_each(r.labels) AS label WHERE label.value IN (SELECT value FROM json_each(?)))"
    ),
    "flow_keys": " AND r.flow_key IN (SELECT value FROM json_each(?))",
    "caller_ips": " AND r.caller_ip IN (SELECT value FROM json_each(?))",
    "message_ids": " AND r.seq IN (SELECT run FROM messages WHERE id IN (SELECT value FROM json_each(?)))",
    "created_at": " AND r.created_at IN (SELECT value FROM json_each(?))",
}


class Stored(NamedTuple):
    """An entry whose body stays where it is."""

    row: int
    message_id: str
    size: int  # bytes of the body


class Runs:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self,
        run_id: str,
        url: str,
        settings: RunSettings,
        now: float,
        *,
        caller_ip: str,
        flow_key: str | None,
        invoker: Invoker | None,
    ) -> Run:
        """A run that has just started, with an empty list."""
        cursor = self._connection.execute(
            "INSERT INTO runs (id, created_at, url, state, settings, caller_ip, labels, flow_key, invoker)"
            " VALUES (?, ?, ?, 'RUN_STARTED', ?, ?, ?, ?, ?)",
            (
                run_id,
                now,
                url,
                _settings_to_json(settings),
                caller_ip,
                to_json(settings.options.labels),
                flow_key,
                None if invoker is None else _invoker_to_json(invoker),
            ),
        )
        assert cursor.lastrowid is not None
        run = self.get(cursor.lastrowid)
        assert run is not None
        return run

    def get(self, seq: int) -> Run | None:
        row = self._connection.execute(f"{_SELECT} r.seq = ?", (seq,)).fetchone()
        return _run(row) if row else None

    def active(self, run_id: str) -> Run | None:
        row = self._connection.execute(f"{_SELECT} r.id = ? AND r.state = 'RUN_STARTED'", (run_id,)).fetchone()
        return _run(row) if row else None

    def last(self, run_id: str) -> Run | None:
        """The newest run of this id, over or not."""
        row = self._connection.execute(f"{_SELECT} r.id = ? ORDER BY r.seq DESC LIMIT 1", (run_id,)).fetchone()
        return _run(row) if row else None

    def identified(self, run_id: str, created_at: float) -> Run | None:
        row = self._connection.execute(
            f"{_SELECT} r.id = ? AND r.created_at = ? ORDER BY r.seq DESC LIMIT 1", (run_id, created_at)
        ).fetchone()
        return _run(row) if row else None

    def wanted(
        self, wanted: RunFilter, *, beyond: int | None = None, earliest_first: bool = True, limit: int | None = None
    ) -> Iterator[Run]:
        """The runs asked for, from the one after ``beyond`` on. Read as they are taken."""
        sql, parameters = run_conditions(wanted)
        if earliest_first:
            sql = f"{_SELECT} r.seq > ?{sql} ORDER BY r.seq LIMIT ?"
            start = 0 if beyond is None else beyond
        else:
            sql = f"{_SELECT} r.seq < ?{sql} ORDER BY r.seq DESC LIMIT ?"
            start = 2**62 if beyond is None else beyond
        for row in self._connection.execute(sql, (start, *parameters, -1 if limit is None else limit)):
            yield _run(row)

    def invoked_by(self, run: Run) -> list[Run]:
        """Those that were started by steps of this one."""
        # Its own JSON, up to where the rest of an invoker follows.
        begins = to_json([run.id, run.created_at]).removesuffix("]")
        rows = self._connection.execute(
            f"{_SELECT} r.invoker >= ? AND r.invoker < ? ORDER BY r.seq", (f"{begins},", f"{begins}-")
        )
        return [_run(row) for row in rows]

    def active_ones(self, wanted: RunFilter, count: int | None) -> list[Run]:
        """Those asked for that are not over, the oldest first."""
        sql, parameters = run_conditions(wanted)
        rows = self._connection.execute(
            f"{_SELECT} r.state = 'RUN_STARTED'{sql} ORDER BY r.seq LIMIT ?",
            (*parameters, -1 if count is None else count),
        )
        return [_run(row) for row in rows]

    def end(self, seq: int, state: RunState, now: float, response: bytes | None) -> None:
        self._connection.execute(
            "UPDATE runs SET state = ?, ended_at = ?, response = ? WHERE seq = ?", (state, now, response, seq)
        )

    def set_failure(self, seq: int, dlq_id: str | None, failure: FailureCall | None) -> None:
        self._connection.execute(
            "UPDATE runs SET dlq_id = ?, failure = ? WHERE seq = ?",
            (dlq_id, None if failure is None else _failure_to_json(failure), seq),
        )

    def append(self, run: int, message_id: str, call_type: CallType, step: Step, body: bytes, now: float) -> int:
        """The position in the list."""
        position: int = self._connection.execute(
            "SELECT COALESCE(MAX(position) + 1, 0) FROM run_entries WHERE run = ?", (run,)
        ).fetchone()[0]
        self._connection.execute(
            "INSERT INTO run_entries (run, position, message_id, call_type, step_id, target_step, name, type,"
            " concurrent, created_at, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run, position, message_id, call_type, step.id, step.target, step.name, step.type,
                step.concurrent, now, body,
            ),
        )  # fmt: skip
        return position

    def entries(self, run: int, *, up_to: int | None = None) -> list[Entry]:
        """The list, or its beginning up to and including a position."""
        rows = self._connection.execute(
            f"{_ENTRY} run = ? AND position <= ? ORDER BY position", (run, 2**62 if up_to is None else up_to)
        )
        return [_entry(row) for row in rows]

    def stored(self, run: int, *, up_to: int) -> list[Stored]:
        """What is delivered of the beginning of the list, without its bodies."""
        rows = self._connection.execute(
            "SELECT rowid, message_id, length(body) FROM run_entries"
            " WHERE run = ? AND position <= ? AND call_type = 'step' ORDER BY position",
            (run, up_to),
        )
        return [Stored(*row) for row in rows]

    def part(self, stored: Stored, place: int, length: int) -> bytes:
        """Of its body."""
        with self._connection.blobopen("run_entries", "body", stored.row, readonly=True) as blob:
            blob.seek(place)
            return blob.read(length)

    def entry(self, run: int, position: int) -> Entry | None:
        row = self._connection.execute(f"{_ENTRY} run = ? AND position = ?", (run, position)).fetchone()
        return _entry(row) if row else None

    def same(self, run: int, step: Step) -> str | None:
        """The message id of the entry that has the step's place already."""
        if step.id is None:
            return None
        sql = "step_id >= 1 AND step_id = ?" if step.id else "step_id = 0 AND target_step = ?"
        number = step.id or step.target
        row = self._connection.execute(f"{_ENTRY} run = ? AND {sql}", (run, number)).fetchone()
        return None if row is None else _entry(row).message_id

    def replace_first(self, run: int, message_id: str, body: bytes) -> None:
        """Put another message in place of the one that the run began with."""
        self._connection.execute(
            "UPDATE run_entries SET message_id = ?, body = ?, delivered = 0 WHERE run = ? AND position = 0",
            (message_id, body, run),
        )

    def mark_delivered(self, run: int, position: int, message_id: str) -> None:
        """Not if another message has its place by now."""
        self._connection.execute(
            "UPDATE run_entries SET delivered = 1 WHERE run = ? AND position = ? AND message_id = ?",
            (run, position, message_id),
        )


def run_conditions(wanted: RunFilter) -> tuple[str, list[Any]]:
    sql = ""
    parameters: list[Any] = []
    for name, condition in _CONDITIONS.items():
        values = getattr(wanted, name)
        if values:
            sql += condition
            parameters.append(any_of(values))
    if wanted.from_at is not None:
        sql += " AND r.created_at >= ?"
        parameters.append(wanted.from_at)
    if wanted.to_at is not None:
        sql += " AND r.created_at <= ?"
        parameters.append(wanted.to_at)
    return sql, parameters


def _run(row: Sequence[Any]) -> Run:
    (
        seq, id_, created_at, url, state, ended_at, settings, caller_ip, labels, flow_key, response, invoker, dlq_id,
        failure,
    ) = row  # fmt: skip
    return Run(
        seq=seq,
        id=id_,
        created_at=created_at,
        url=url,
        state=state,
        ended_at=ended_at,
        settings=_settings_from_json(settings),
        caller_ip=caller_ip,
        labels=texts_from_json(labels),
        flow_key=flow_key,
        response=response,
        invoker=None if invoker is None else _invoker_from_json(invoker),
        dlq_id=dlq_id,
        failure=None if failure is None else _failure_from_json(failure),
    )


def _entry(row: Sequence[Any]) -> Entry:
    position, message_id, call_type, step_id, target, name, type_, concurrent, body, created_at, delivered = row
    return Entry(
        position=position,
        message_id=message_id,
        call_type=call_type,
        step=Step(id=step_id, target=target, name=name, type=type_, concurrent=concurrent),
        body=body,
        created_at=created_at,
        delivered=bool(delivered),
    )


def _settings_to_json(settings: RunSettings) -> str:
    return to_json({"options": options_to_json(settings.options), "features": settings.features})


def _settings_from_json(text: str) -> RunSettings:
    found = json.loads(text)
    return RunSettings(options=options_from_json(found["options"]), features=tuple(found["features"]))


def _invoker_to_json(invoker: Invoker) -> str:
    return to_json([invoker.run_id, invoker.created_at, invoker.url, to_json(invoker.headers), invoker.step])


def _invoker_from_json(text: str) -> Invoker:
    run_id, created_at, url, headers, step = json.loads(text)
    return Invoker(run_id=run_id, created_at=created_at, url=url, headers=headers_from_json(headers), step=step)


def _failure_to_json(failure: FailureCall) -> str:
    return to_json(
        [
            failure.message_id, failure.url, failure.state, failure.status, to_json(failure.headers),
            b64encode(failure.body).decode("ascii"),
        ]
    )  # fmt: skip


def _failure_from_json(text: str) -> FailureCall:
    message_id, url, state, status, headers, body = json.loads(text)
    return FailureCall(
        message_id=message_id,
        url=url,
        state=state,
        status=status,
        headers=headers_from_json(headers),
        body=b64decode(body),
    )
