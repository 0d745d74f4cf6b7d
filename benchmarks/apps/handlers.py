"""``python -m benchmarks.apps.handlers DIRECTORY SOCKET``: a Django view, with each store of ``once=``, and by hand.

The view writes one row, into an SQLite file of its own: a handler that must not run twice has at least that to do.
Prints the seconds of a request in each round as JSON, by store.
"""

import io
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.apps import by_hand
from benchmarks.apps.by_hand import Commands
from benchmarks.measure import WALL, times_each
from benchmarks.middleware import AT_ONCE, environ_of
from benchmarks.tokens import KIB, ORIGIN, ours, token

DIRECTORY, SOCKET = Path(sys.argv[1]), sys.argv[2]
ROUNDS = 25
OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 60,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
}
DATABASE = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": OPTIONS}
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    LOGGING_CONFIG=None,
    MIDDLEWARE=[],
    # Connections stay open, as everybody has it who looks at milliseconds.
    INSTALLED_APPS=["qstash_integrations.django.once"],
    DATABASES={"default": {**DATABASE, "NAME": str(DIRECTORY / "app.db"), "CONN_MAX_AGE": None}},
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "claims",
            "OPTIONS": {"MAX_ENTRIES": 1_000_000},
        }
    },
)
django.setup()
logging.disable()
call_command("createcachetable", verbosity=0)
call_command("migrate", verbosity=0)

from qstash_integrations.django import verify_qstash  # noqa: E402 - needs the settings
from qstash_integrations.once import (  # noqa: E402
    DjangoDatabaseStore,
    MemoryStore,
    RedisStore,
    SQLiteStore,
)

STORES: dict[str, Any] = {
    "without": None,
    "memory": MemoryStore(),
    "SQLite": SQLiteStore(DIRECTORY / "claims.db"),
    "Redis": RedisStore(f"unix://{SOCKET}"),
    "Django database": DjangoDatabaseStore(),
}


BY_HAND = {
    "memory": by_hand.memory(),
    "SQLite": by_hand.in_sqlite(DIRECTORY / "by_hand.db"),
    "Redis": by_hand.in_redis(SOCKET),
    "Django database": by_hand.in_django(),
}
NAMES = [*STORES, *(f"{name} by hand" for name in BY_HAND)]


def work(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO effect (size) VALUES (%s)", [len(request.body)])
    return HttpResponse()


def between(commands: Commands) -> Callable[[HttpRequest], HttpResponse]:
    """The same work between the two commands that nobody can do without."""

    def view(request: HttpRequest) -> HttpResponse:
        name = request.headers["Upstash-Message-Id"].rjust(72, ".")
        commands.claim(name)
        response = work(request)
        commands.end(name)
        return response

    return view


VERIFIED = {
    **{name: verify_qstash(receiver=ours(), public_url=ORIGIN, once=store)(work) for name, store in STORES.items()},
    **{
        f"{name} by hand": verify_qstash(receiver=ours(), public_url=ORIGIN)(between(commands))
        for name, commands in BY_HAND.items()
    },
}


def dispatch(request: HttpRequest, number: int) -> HttpResponse:
    """One pattern for all: Django tries them in turn, and the last would be found later than the first."""
    return VERIFIED[NAMES[number]](request)


urlpatterns = [path("hooks/<int:number>", dispatch)]
app: Any = WSGIHandler()


def way(name: str) -> Callable[[], None]:
    """So many messages, each of which comes for the first time. They are signed before anything is timed."""
    where = f"/hooks/{NAMES.index(name)}"
    environs: list[dict[str, Any]] = []

    def some() -> None:
        for _ in range(AT_ONCE):
            answer = app(
                {**environs.pop(), "wsgi.input": io.BytesIO(KIB)}, lambda status, headers: statuses.append(status)
            )
            answer.close()
        assert set(statuses) == {"200 OK"}, statuses

    statuses: list[str] = []
    for number in range(ROUNDS * AT_ONCE):
        environ = environ_of(where, token(url=ORIGIN + where))
        environs.append({**environ, "HTTP_UPSTASH_MESSAGE_ID": f"msg_{name}_{number}"})
    return some


def main() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE effect (size INTEGER)")
    times = times_each({name: way(name) for name in NAMES}, rounds=ROUNDS, clock=WALL, calls=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM effect")
        (count,) = cursor.fetchone()
    assert count == len(NAMES) * ROUNDS * AT_ONCE, count
    print(json.dumps(times))


if __name__ == "__main__":
    main()
