"""A ``Filter`` as the end of a WHERE clause. The SQL is put together from constants; values are parameters.

``m`` is the message, ``a`` the attempt, ``d`` the dead letter and ``e`` the event of the query it is added to.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ..model import Filter
from .encoding import any_of, to_json

_CONDITIONS = {
    "message_ids": " AND m.id IN (SELECT value FROM json_each(?))",
    # The whole id: the number alone is another letter's where a server in memory was started anew.
    "dlq_ids": " AND CAST(round(d.at * 1000) AS INTEGER) || '-' || d.seq IN (SELECT value FROM json_each(?))",
    "states": " AND e.state IN (SELECT value FROM json_each(?))",
    "urls": " AND m.url IN (SELECT value FROM json_each(?))",
    "hosts": " AND host_of(m.url) IN (SELECT value FROM json_each(?))",
    "paths": " AND path_of(m.url) IN (SELECT value FROM json_each(?))",
    "topics": " AND m.topic IN (SELECT value FROM json_each(?))",
    "schedules": " AND m.schedule_id IN (SELECT value FROM json_each(?))",
    "queues": " AND m.queue IN (SELECT value FROM json_each(?))",
    "labels": (
        " AND EXISTS (SELECT 1 FROM json_each(m.options, '$.labels') AS label"
        " WHERE label.value IN (SELECT value FROM json_each(?)))"
    ),
    "flow_keys": " AND m.flow_key IN (SELECT value FROM json_each(?))",
    "caller_ips": " AND m.caller_ip IN (SELECT value FROM json_each(?))",
    "statuses": " AND a.status IN (SELECT value FROM json_each(?))",
    "run_ids": " AND m.run IN (SELECT seq FROM runs WHERE id IN (SELECT value FROM json_each(?)))",
    "run_urls": " AND m.run IN (SELECT seq FROM runs WHERE url IN (SELECT value FROM json_each(?)))",
    "runs_created_at": " AND m.run IN (SELECT seq FROM runs WHERE created_at IN (SELECT value FROM json_each(?)))",
    "failure_states": (
        " AND m.run IN (SELECT seq FROM runs WHERE json_extract(failure, '$[2]') IN (SELECT value FROM json_each(?)))"
    ),
}
_OF_RUNS = {None: "", True: " AND m.run IS NOT NULL", False: " AND m.run IS NULL"}
# What a row must contain to be looked at more closely, by a comparison that costs next to nothing: the log is searched
# row by row, and most rows are not meant.
_SIGNS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "hosts": ("instr(lower(m.url), ?)", str.lower),
    "paths": ("instr(m.url, ?)", str),
    "labels": ("instr(m.options, ?)", to_json),
}
_MOST_SIGNS = 8


def conditions(wanted: Filter, *, since: str, until: str) -> tuple[str, list[Any]]:
    """What follows the first condition of a WHERE clause, and its parameters.

    ``since`` and ``until`` compare the instant that the filter's dates mean.
    """
    sql = _OF_RUNS[wanted.of_runs]
    parameters: list[Any] = []
    for name, condition in _CONDITIONS.items():
        values = getattr(wanted, name)
        if values:
            if name in _SIGNS and len(values) <= _MOST_SIGNS:
                sign, spelled = _SIGNS[name]
                sql += f" AND ({' OR '.join([sign] * len(values))})"
                parameters += map(spelled, values)
            sql += condition
            parameters.append(any_of(value.lower() for value in values) if name == "hosts" else any_of(values))
    if wanted.from_at is not None:
        sql += since
        parameters.append(wanted.from_at)
    if wanted.to_at is not None:
        sql += until
        parameters.append(wanted.to_at)
    return sql, parameters
