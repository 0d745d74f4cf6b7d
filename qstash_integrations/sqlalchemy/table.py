"""The table of an outbox, in the user's own ``MetaData``. Columns are those of every outbox of ours.

Spec: https://docs.sqlalchemy.org/en/20/core/metadata.html
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import CHAR

NAME = "qstash_outbox"
# A text or blob of MySQL ends at 64 KiB.
_LONG_TEXT = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
_LONG_BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def outbox_table(metadata: MetaData, name: str, schema: str | None) -> Table:
    """Instants are Unix milliseconds. Without a schema of its own it is in that of the metadata."""
    table: Table = Table(
        name,
        metadata,
        Column("id", CHAR(32), primary_key=True),
        Column("destination", _LONG_TEXT, nullable=False),
        Column("queue", String(256)),
        Column("headers", _LONG_TEXT, nullable=False),
        Column("body", _LONG_BYTES),
        Column("created_at", BigInteger, nullable=False),
        Column("due_at", BigInteger),
        Column("holder", CHAR(32)),
        Column("tries", Integer, nullable=False),
        Column("error", String(500)),
        Column("message_id", String(128)),
        Column("sent_at", BigInteger),
        schema=schema,
    )
    Index(f"{name}_due", table.c.due_at)
    Index(f"{name}_sent", table.c.sent_at)
    return table
