"""``python -m tests.inbox.dying <how> <database>``: a process that is killed while it handles a message."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from typing import Any

from tests.databases import Database


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed(how: str, database: Database) -> bool:
    """Whether it was killed, and did not end in another way."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.inbox.dying", how, json.dumps(asdict(database))], timeout=60, check=False
    )
    return ended.returncode == -signal.SIGKILL


def with_django(database: Database, *, after_commit: bool) -> None:
    from tests.django.project import configure, forget_connections

    configure()
    from django.db import connections, transaction
    from django.http import HttpRequest, HttpResponse

    from tests.inbox.attempts import attempt
    from tests.inbox.shop import Shop, order

    forget_connections()
    connections.settings["default"] = connections.configure_settings({"default": database.django})["default"]

    def view(request: HttpRequest) -> HttpResponse:
        order()
        if after_commit:
            transaction.on_commit(die)
        else:
            die()
        return HttpResponse("shipped")

    Shop().serving(view)(attempt(number=90_000_000))


def with_sqlalchemy(database: Database, *, after_commit: bool) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    from tests.inbox.sql import delivery, ship

    with Session(create_engine(database.url)) as session, session.begin():
        ship(session, delivery("dying"))
        if not after_commit:
            session.flush()
            die()
    die()


if __name__ == "__main__":
    kinds: dict[str, Any] = {"django": with_django, "sqlalchemy": with_sqlalchemy}
    kind, _, moment = sys.argv[1].partition(" ")
    kinds[kind](Database(**json.loads(sys.argv[2])), after_commit=moment == "after")
