"""Duplicate protection in Django, as far as it is not that of every adapter (``contract``)."""

import gc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, cast

import anyio
import pytest
from asgiref.sync import iscoroutinefunction
from django.db import connection, connections, transaction
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.test import Client, override_settings
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator, sync_and_async_middleware
from django.views import View
from rest_framework.response import Response  # pyright: ignore[reportMissingTypeStubs]
from rest_framework.views import APIView  # pyright: ignore[reportMissingTypeStubs]

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.django import verify_qstash
from qstash_integrations.once import DjangoCacheStore, DjangoDatabaseStore, MemoryStore
from tests.databases import sqlite
from tests.django.project import asgi_app, urlconf
from tests.django.shop import HOSTS
from tests.hosts import asgi_send, scope_of
from tests.once.attempts import DUPLICATE, OPTIONS, attempt, send_twice
from tests.once.stores import django_caches, django_table
from tests.signing import signed

every_host = pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
as_usual = pytest.mark.parametrize(
    ("host", "kind"), [(HOSTS["wsgi"], "plain"), (HOSTS["asgi"], "awaited")], ids=["plain, wsgi", "awaited, asgi"]
)
# The contract has plain views under WSGI and async ones under ASGI.
the_other_way_round = pytest.mark.parametrize(
    ("host", "kind"), [(HOSTS["asgi"], "plain"), (HOSTS["wsgi"], "awaited")], ids=["plain, asgi", "awaited, wsgi"]
)


class Ship:
    """A view, plain or async, that counts its calls."""

    def __init__(self, view: Callable[[], Any] = lambda: HttpResponse("shipped")) -> None:
        self.ran = 0
        self._view = view

    def plain(self, request: HttpRequest) -> Any:
        self.ran += 1
        return self._view()

    async def awaited(self, request: HttpRequest) -> Any:
        return self.plain(request)


def protected(view: Any, once: MemoryStore | None = None) -> URLPattern:
    verified: Any = verify_qstash(**OPTIONS, once=MemoryStore() if once is None else once)(view)
    return cast("URLPattern", path("hooks/ship", verified))


@the_other_way_round
def test_a_duplicate_is_answered(host: Any, kind: str) -> None:
    assert send_twice(host(protected(getattr(Ship(), kind)))) == [b"shipped", DUPLICATE]


def raising(error: Exception) -> Callable[[], NoReturn]:
    def view() -> NoReturn:
        raise error

    return view


OUTCOMES: dict[str, tuple[Callable[[], Any], int]] = {
    "not retryable": (raising(NonRetryable()), 1),
    "later": (raising(RetryAfter(60)), 2),
    "an error": (raising(LookupError("no such order")), 2),
    "no response": (lambda: None, 2),
    "500": (lambda: HttpResponse(status=500), 2),
}


@the_other_way_round
@pytest.mark.parametrize(("view", "times"), OUTCOMES.values(), ids=OUTCOMES)
def test_only_2xx_and_489_are_done(host: Any, kind: str, view: Callable[[], Any], times: int) -> None:
    ship = Ship(view)
    send_twice(host(protected(getattr(ship, kind))))
    assert ship.ran == times


@as_usual
def test_S04_a_template_that_cannot_be_rendered_is_not_done(host: Any, kind: str) -> None:
    def render(self: TemplateResponse) -> NoReturn:
        raise LookupError("no such template")

    kinds = [type("Broken", (TemplateResponse,), {"rendered_content": property(render)}), HttpResponse]
    ship = Ship(lambda: kinds.pop(0)(HttpRequest(), "x") if len(kinds) > 1 else kinds[0]("shipped"))
    send = host(protected(getattr(ship, kind)))
    assert send_twice(send)[-1] == b"shipped"
    assert (send_twice(send), ship.ran) == ([DUPLICATE, DUPLICATE], 2)


@as_usual
def test_S04_a_method_that_middleware_puts_in_place_is_what_is_claimed(host: Any, kind: str) -> None:
    class Hook(View):
        async def post(self, request: HttpRequest) -> HttpResponse:
            return ship.plain(request)

    class Plain(View):
        def post(self, request: HttpRequest) -> HttpResponse:
            return ship.plain(request)

    answers: list[Callable[[], Any]] = [raising(LookupError("no such order")), lambda: HttpResponse("shipped")]
    ship = Ship(lambda: answers.pop(0)())
    with override_settings(MIDDLEWARE=[f"{__name__}.overriding"]):
        send = host(protected({"plain": Plain, "awaited": Hook}[kind].as_view()))
        captured = attempt()
        with suppress(LookupError):
            send(captured)
        other = captured._replace(headers=[*captured.headers, ("X-HTTP-Method-Override", "OPTIONS")])
        assert send(other).status == 401
        assert send(attempt()).body == b"shipped"


@sync_and_async_middleware
def overriding(get_response: Any) -> Any:
    """As apps do for clients that know GET and POST alone."""

    def override(request: HttpRequest) -> None:
        request.method = request.headers.get("X-HTTP-Method-Override", request.method)

    async def awaited(request: HttpRequest) -> Any:
        override(request)
        return await get_response(request)

    def plain(request: HttpRequest) -> Any:
        override(request)
        return get_response(request)

    return awaited if iscoroutinefunction(get_response) else plain


@every_host
def test_a_class_with_a_verified_method_inside_is_claimed_once(host: Any) -> None:
    store = MemoryStore()
    verify = verify_qstash(**OPTIONS, once=store)

    @method_decorator(verify, name="dispatch")
    class Hook(View):
        @method_decorator(verify)
        def post(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("shipped")

    assert send_twice(host(path("hooks/ship", Hook.as_view()))) == [b"shipped", DUPLICATE]


@every_host
def test_a_view_of_rest_framework_is_claimed_once(host: Any) -> None:
    verify = verify_qstash(**OPTIONS, once=MemoryStore())

    class Hook(APIView):
        @method_decorator(verify)
        def post(self, request: Any) -> Response:
            return Response("shipped")

    verified: Any = verify(Hook.as_view())
    assert send_twice(host(path("hooks/ship", verified))) == [b'"shipped"', DUPLICATE]


def test_a_view_below_asgi_middleware_claims_nothing() -> None:
    store = MemoryStore()
    view = path("hooks/ship", verify_qstash(**OPTIONS, once=store)(Ship().awaited))
    app: Any = asgi_app(view)
    send = asgi_send(QStashMiddleware(app, **OPTIONS, once=store))
    assert send_twice(send) == [b"shipped", DUPLICATE]


@every_host
def test_djangos_cache_keeps_the_claims(host: Any, tmp_path: Path) -> None:
    ship = path("hooks/ship", verify_qstash(**OPTIONS, once=DjangoCacheStore("claims"))(Ship().awaited))
    with django_caches(tmp_path):
        assert send_twice(host(ship)) == [b"shipped", DUPLICATE]


@every_host
def test_djangos_database_keeps_the_claims(host: Any, tmp_path: Path) -> None:
    ship = path("hooks/ship", verify_qstash(**OPTIONS, once=DjangoDatabaseStore())(Ship().awaited))
    with django_table(sqlite(tmp_path / "claims.sqlite3")):
        assert send_twice(host(ship)) == [b"shipped", DUPLICATE]


def test_djangos_database_keeps_the_claims_of_a_view_with_transactions_of_its_own(tmp_path: Path) -> None:
    store, seen = DjangoDatabaseStore(), list[str]()

    def ship(request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            seen.append("shipped")
        return HttpResponse("shipped")

    with django_table(sqlite(tmp_path / "claims.sqlite3")):
        view = path("hooks/ship", verify_qstash(**OPTIONS, once=store)(ship))
        assert send_twice(HOSTS["wsgi"](view)) == [b"shipped", DUPLICATE]
    assert seen == ["shipped"]


def test_a_view_whose_claims_nobody_else_would_see_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ship = Ship()
    with django_table(sqlite(tmp_path / "claims.sqlite3")):
        monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
        view = path("hooks/ship", verify_qstash(**OPTIONS, once=DjangoDatabaseStore())(ship.plain))
        answers = send_twice(HOSTS["wsgi"](view))
    assert answers == [b'{"error":"duplicate protection unavailable"}'] * 2
    assert ship.ran == 0
    assert "transaction.non_atomic_requests" in caplog.text


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "shop.sqlite3"))
    yield
    connections.close_all()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("propagate", [True, False])
def test_a_transaction_that_cannot_be_committed_is_not_done(monkeypatch: pytest.MonkeyPatch, propagate: bool) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)

    def cannot() -> None:
        if ship.ran == 1:
            raise LookupError("could not commit")

    def commit() -> HttpResponse:
        transaction.on_commit(cannot)
        return HttpResponse("shipped")

    ship = Ship(commit)
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=propagate):
        send = HOSTS["wsgi"](protected(ship.plain))
        with suppress(LookupError):
            send(attempt())
        gc.collect()  # an exception that nobody answers takes its frames along
        assert send(attempt()).body == b"shipped"
    assert ship.ran == 2


def replacing_by(make: Callable[[], HttpResponse | StreamingHttpResponse]) -> Callable[[Any], Any]:
    """Middleware that sends something else than the view's response."""

    def middleware(get_response: Any) -> Any:
        def replace(request: HttpRequest) -> Any:
            get_response(request)
            return make()

        return replace

    return middleware


another_200 = replacing_by(lambda: HttpResponse("wrapped"))
another_500 = replacing_by(lambda: HttpResponse("no", status=500))
a_stream = replacing_by(lambda: StreamingHttpResponse(parts()))
a_failure = replacing_by(raising(LookupError("could not commit")))
REPLACED = ["another_200", "another_500", "a_stream", "a_failure"]


@as_usual
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
@pytest.mark.parametrize("name", REPLACED)
def test_what_the_view_has_done_is_done_whatever_is_sent_instead(host: Any, kind: str, name: str) -> None:
    # Two that share a store and nothing else.
    store = MemoryStore()
    shop, elsewhere = (protected(getattr(Ship(), kind), store) for _ in range(2))
    with override_settings(MIDDLEWARE=[f"{__name__}.{name}"]):
        host(shop)(attempt())
    assert host(elsewhere)(attempt()).body == DUPLICATE


def parts() -> Iterator[bytes]:
    yield b"one "
    yield b"two"


async def async_parts() -> AsyncIterator[bytes]:
    for part in parts():
        yield part


def test_a_file_is_done() -> None:
    def view() -> FileResponse:
        return FileResponse(Path(__file__).open("rb"))

    first, second = send_twice(HOSTS["wsgi"](protected(Ship(view).plain)))
    assert first.startswith(b'"""Duplicate protection in Django')
    assert second == DUPLICATE


@pytest.mark.parametrize(("streams", "times"), [(True, 2), (False, 1)])
def test_a_stream_that_cannot_be_sent_is_not_done_and_what_the_view_has_returned_is(streams: bool, times: int) -> None:
    ship = Ship(lambda: StreamingHttpResponse(async_parts()) if streams else HttpResponse("shipped"))
    app: Any = asgi_app(protected(ship.awaited))

    async def exchange() -> None:
        messages: list[Any] = [{"type": "http.request", "body": b"hi"}]

        async def receive() -> Any:
            return messages.pop() if messages else await anyio.sleep_forever()

        async def send(message: Any) -> None:
            raise OSError("the client is gone")

        await app(scope_of(attempt()), receive, send)

    for _ in range(2):
        with pytest.raises(OSError, match="the client is gone"):
            anyio.run(exchange)
        gc.collect()
    assert ship.ran == times


def test_djangos_test_client_sees_the_same() -> None:
    headers: dict[str, Any] = dict(attempt().headers)
    again = {**headers, "Upstash-Signature": signed(b"hi", jti="jwt_TESTONLY2")}
    with override_settings(ROOT_URLCONF=urlconf(protected(Ship().plain))):
        answers = [Client().post("/hooks/ship", b"hi", "text/plain", headers=given) for given in (headers, again)]
    assert [answer.content for answer in answers] == [b"shipped", DUPLICATE]
