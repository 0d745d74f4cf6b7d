"""Rows into the table, by a statement of our own: to build the same one, the ORM takes as long as the whole rest.

Spec: https://docs.djangoproject.com/en/stable/topics/db/sql/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, transaction

from ...outbox.row import Row, columns_of

_AT_ONCE = 80  # rows in a statement; of each it has twelve values, and SQLite may take 999


def insert(alias: str, rows: Sequence[Row]) -> None:
    """All of them or none, in the transaction that is open there, or in one of its own."""
    connection = connections[alias]
    with transaction.atomic(using=alias, savepoint=False), connection.cursor() as cursor:
        for first in range(0, len(rows), _AT_ONCE):
            some = [_stored(columns_of(row), connection) for row in rows[first : first + _AT_ONCE]]
            cursor.execute(_statement(some, connection), [value for one in some for value in one.values()])


def _stored(columns: Mapping[str, Any], connection: Any) -> dict[str, Any]:
    body = columns["body"]
    return {**columns, "body": body if body is None else connection.Database.Binary(body)}


def _statement(some: Sequence[Mapping[str, Any]], connection: Any) -> str:
    from .models import StoredMessage

    table, names = StoredMessage._meta.db_table, some[0].keys()
    quote, binary = connection.ops.quote_name, connection.ops.binary_placeholder_sql
    places = [", ".join(binary(value) if name == "body" else "%s" for name, value in one.items()) for one in some]
    # Nothing in it is a caller's.
    return f"INSERT INTO {quote(table)} ({', '.join(map(quote, names))}) VALUES ({'), ('.join(places)})"  # noqa: S608
