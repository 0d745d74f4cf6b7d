"""The local server with its cap on unfinished messages raised, and a file with more pending than it would take.

Publishing millions would take most of an hour: one message is published, and the rest are rows like those that it
left, each with an id of its own.
"""

import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from qstash_integrations.cli.dev import dev_config, options_of
from qstash_integrations.server.app import ForPeople, Printer, run

UNFINISHED = 10_000_000  # instead of a million
AT_ONCE = 100_000  # rows in one transaction
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Ids are random: what is published afterwards must come between these, all over the index.
_ID = "'msg_' || " + " || ".join(
    f"substr('{_BASE58}', n * {58**digit} / :wanted % 58 + 1, 1)" for digit in range(1, 6)
) + " || printf('%044d', n)"  # fmt: skip
_NUMBERS = "WITH RECURSIVE numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)"


def multiply(db: Path, wanted: int) -> None:
    """As if the one message that is pending in the file had been published so many times."""
    with closing(sqlite3.connect(db, isolation_level=None)) as connection:
        assert connection.execute("SELECT messages FROM totals WHERE kind = 'unfinished'").fetchone() == (1,)
        for first in range(2, wanted + 1, AT_ONCE):
            numbers = {"first": first, "last": min(first + AT_ONCE - 1, wanted), "wanted": wanted}
            connection.execute("BEGIN")
            _copy(connection, numbers, "messages", "seq", seq="n", id=_ID)
            _copy(connection, numbers, "bodies", "message", message="n")
            _copy(connection, numbers, "events", "message", seq="NULL", message="n")
            connection.execute("COMMIT")
        assert connection.execute("SELECT messages FROM totals WHERE kind = 'unfinished'").fetchone() == (wanted,)


def _copy(connection: sqlite3.Connection, numbers: dict[str, int], table: str, key: str, **changed: str) -> None:
    """The row of message 1, with other values in some columns."""
    names: list[str] = [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changed.get(name, name) for name in names)
    connection.execute(f"{_NUMBERS} INSERT INTO {table} SELECT {values} FROM numbers, {table} WHERE {key} = 1", numbers)


def main(db: str, port: str) -> int:
    """``qstash-integrations dev``, but for the cap."""
    config = dev_config(options_of(["--port", port, "--db", db]))
    with Printer(sys.stdout) as say:
        console = ForPeople(say, colour=False)
        return run(
            replace(config, limits=replace(config.limits, unfinished=UNFINISHED)),
            started=console.started,
            watch=console.delivered,
            follow=console.happened,
        )


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
