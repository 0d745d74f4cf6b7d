"""A Django project whose verified view ships an order: it writes one row each time that it runs."""

from collections.abc import Callable
from contextlib import closing
from typing import Any

from django.db import connection, connections
from django.http import HttpRequest, HttpResponse
from django.urls import path

from qstash_integrations.django import verify_qstash
from qstash_integrations.django.inbox.models import Mark
from tests.django.project import wsgi_app
from tests.hosts import Request, wsgi_send
from tests.inbox.attempts import OPTIONS

View = Callable[[HttpRequest], Any]


def create_tables() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(Mark)
    execute("CREATE TABLE orders (id INTEGER)")


def execute(statement: str, using: Any = connection) -> Any:
    with using.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone() if cursor.description else None
    return row[0] if row else None


def order(id_: int = 1) -> None:
    execute(f"INSERT INTO orders VALUES ({id_})")


def shipped(request: HttpRequest) -> HttpResponse:
    order()
    return HttpResponse("shipped")


class Shop:
    """What is sent to a view, and how many orders everybody else can see."""

    def __init__(self) -> None:
        self.ran = 0

    def serving(self, view: View = shipped, /, **options: Any) -> Callable[[Request], tuple[int, bytes]]:
        def counted(request: HttpRequest) -> Any:
            self.ran += 1
            return view(request)

        return answering(verify_qstash(**{**OPTIONS, "inbox": "default", **options})(counted))

    @property
    def orders(self) -> int:
        with closing(connections.create_connection("default")) as other:
            return int(execute("SELECT COUNT(*) FROM orders", other))

    @property
    def marks(self) -> int:
        with closing(connections.create_connection("default")) as other:
            return int(execute("SELECT COUNT(*) FROM qstash_inbox", other))


def answering(view: Any) -> Callable[[Request], tuple[int, bytes]]:
    """Status and body of what is answered to a request."""
    send = wsgi_send(wsgi_app(path("hooks/ship", view)))

    def answer(request: Request) -> tuple[int, bytes]:
        status, _, body = send(request)
        return status, body

    return answer
