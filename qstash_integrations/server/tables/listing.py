"""Messages as a person looks through them: newest first, without bodies, a stretch of the table at a time.

What is searched for is a parameter of LIKE, never a pattern of the caller's; redacted messages do not tell by it what
their bodies hold.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from ..model import Listed, Search
from .encoding import any_of, options_from_json
from .filters import conditions

# Bodies beyond this are not searched: a long one would hold up deliveries.
LONGEST_SEARCHED = 64 * 1024
_STATE = (
    "CASE WHEN m.state = 'done' THEN lower(m.ended)"
    " WHEN m.state = 'waiting' AND m.retried > 0 THEN 'retrying' ELSE m.state END"
)
_STRETCH = "SELECT * FROM messages WHERE seq < ? ORDER BY seq DESC LIMIT ?"
_SELECT = f"""
    SELECT m.seq, m.id, {_STATE}, m.url, m.options, m.created_at, m.due_at, m.queue, m.topic, m.schedule_id,
        m.source IS NOT NULL, (SELECT COUNT(*) FROM attempts AS a WHERE a.message = m.seq),
        m.retried, (SELECT a.status FROM attempts AS a WHERE a.message = m.seq ORDER BY a.id DESC LIMIT 1),
        m.finished_at
    FROM ({_STRETCH}) AS m LEFT JOIN bodies AS b ON b.message = m.seq WHERE 1
"""  # noqa: S608
_LIKE = "LIKE ? ESCAPE '\\'"
_URL = f" AND m.url {_LIKE}"
_TEXTS = (
    *(f"m.{column} {_LIKE}" for column in ("id", "url", "queue", "topic", "schedule_id", "flow_key")),
    f"EXISTS (SELECT 1 FROM json_each(m.options, '$.labels') AS l WHERE l.value {_LIKE})",  # noqa: S608
    f"(json_extract(m.options, '$.redaction') IS NULL AND length(b.body) <= {LONGEST_SEARCHED:d}"
    f" AND CAST(b.body AS TEXT) {_LIKE})",
)
_TEXT = f" AND ({' OR '.join(_TEXTS)})"
_SINCE, _UNTIL = " AND m.created_at >= ?", " AND m.created_at <= ?"


class Stretch(NamedTuple):
    found: list[Listed]
    last: int | None  # the oldest that was looked at; None: there are none


class Listing:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def stretch(self, wanted: Search, *, before: int | None, length: int) -> Stretch:
        """What is looked for among the ``length`` messages that were accepted last before one of them."""
        start = 2**62 if before is None else before
        last: int | None = self._connection.execute(
            f"SELECT MIN(seq) FROM ({_STRETCH})",  # noqa: S608
            (start, length),
        ).fetchone()[0]
        sql, parameters = _where(wanted)
        rows = self._connection.execute(f"{_SELECT}{sql} ORDER BY m.seq DESC", (start, length, *parameters))
        return Stretch([_listed(row) for row in rows], last)


def _where(wanted: Search) -> tuple[str, list[Any]]:
    sql, parameters = conditions(wanted.exact, since=_SINCE, until=_UNTIL)
    if wanted.states:
        sql += f" AND {_STATE} IN (SELECT value FROM json_each(?))"  # noqa: S608
        parameters.append(any_of(wanted.states))
    if wanted.url:
        sql += _URL
        parameters.append(_containing(wanted.url))
    if wanted.text:
        sql += _TEXT
        parameters += [_containing(wanted.text)] * len(_TEXTS)
    return sql, parameters


def _containing(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _listed(row: Sequence[Any]) -> Listed:
    (
        seq, id_, state, url, options, created_at, due_at, queue, topic, schedule_id,
        is_callback, attempts, retried, status, finished_at,
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
        attempts=attempts,
        retried=retried,
        status=status,
        finished_at=finished_at,
    )
