"""What a shop is given with the environment of its process, and what each of them calls alike.

A shop publishes the number of each order with the order, and counts what its hook is called for. ``orders`` says what
was committed, ``effects`` what has come of it.
"""

import json
import os
from collections.abc import Callable
from typing import Any, Literal

Fate = Literal["commit", "rollback", "savepoint"]
FATES: tuple[Fate, ...] = ("commit", "rollback", "savepoint")
ORDER = "INSERT INTO orders VALUES ({})"
EFFECT = "INSERT INTO effects VALUES ({})"
# A worker that was killed is back by then, and a duplicate that has to come again finds its message done.
OPTIONS: dict[str, Any] = {"retries": 5, "retry_delay": "1000"}
# Seconds that a process stays after a commit of its own: what it has to send is sent by a thread of it, or killed.
STAY = 60
KEEP = os.environ.get("SHOP_KEEP")


class RolledBack(Exception):
    """An order that comes to nothing."""


def nothing() -> None:
    """What happens between two steps of an order."""


Meanwhile = Callable[[], None]


def hook_url() -> str:
    return os.environ["QSTASH_PUBLIC_URL"] + "/hook"


def database() -> dict[str, Any]:
    """Fields of ``tests.databases.Database``."""
    given: dict[str, Any] = json.loads(os.environ["SHOP_DATABASE"])
    return given
