"""A ``RunFilter`` as the end of a WHERE clause, of constants and parameters. ``r`` is the run."""

from typing import Any

from ..model import RunFilter
from .encoding import any_of

_CONDITIONS = {
    "ids": " AND r.id IN (SELECT value FROM json_each(?))",
    "runs": " AND r.id || '@' || CAST(round(r.created_at * 1000) AS INTEGER) IN (SELECT value FROM json_each(?))",
    "urls": " AND r.url IN (SELECT value FROM json_each(?))",
    "url_prefixes": " AND EXISTS (SELECT 1 FROM json_each(?) AS p WHERE substr(r.url, 1, length(p.value)) = p.value)",
    "created": " AND CAST(round(r.created_at * 1000) AS INTEGER) IN (SELECT value FROM json_each(?))",
    "states": " AND r.state IN (SELECT value FROM json_each(?))",
    "labels": (
        " AND EXISTS (SELECT 1 FROM json_each(r.labels) AS label WHERE label.value IN (SELECT value FROM json_each(?)))"
    ),
    "message_ids": (" AND r.seq IN (SELECT m.run FROM messages AS m WHERE m.id IN (SELECT value FROM json_each(?)))"),
    "flow_keys": " AND r.flow_key IN (SELECT value FROM json_each(?))",
    "caller_ips": " AND r.caller_ip IN (SELECT value FROM json_each(?))",
}


def run_conditions(wanted: RunFilter) -> tuple[str, list[Any]]:
    """What follows the first condition of a WHERE clause, and its parameters."""
    sql = ""
    parameters: list[Any] = []
    for name, condition in _CONDITIONS.items():
        if values := getattr(wanted, name):
            sql += condition
            parameters.append(any_of(values))
    if wanted.from_at is not None:
        sql += " AND r.created_at >= ?"
        parameters.append(wanted.from_at)
    if wanted.to_at is not None:
        sql += " AND r.created_at <= ?"
        parameters.append(wanted.to_at)
    return sql, parameters
