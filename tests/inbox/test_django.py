"""``@verify_qstash(inbox="default")``: a view's work and the mark of its message commit together."""

import unittest
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.test import RequestFactory, TestCase, modify_settings
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.decorators import api_view  # pyright: ignore[reportMissingTypeStubs]
from rest_framework.response import Response  # pyright: ignore[reportMissingTypeStubs]

from qstash_integrations import NonRetryable, RetryAfter
from qstash_integrations.django import ConfigurationError, verify_qstash
from qstash_integrations.once import MemoryStore
from tests.inbox.attempts import DUPLICATE, OPTIONS, OTHER_ROW, ROW, altered, attempt
from tests.inbox.shop import Shop, answering, execute, order, shipped

SHIPPED = (200, b"shipped")
verify = verify_qstash(**OPTIONS, inbox="default")


def raising(error: Exception) -> NoReturn:
    raise error


def ordered(then: Callable[[], Any]) -> Callable[[HttpRequest], Any]:
    def view(request: HttpRequest) -> Any:
        order()
        return then()

    return view


def test_a_message_has_its_effect_once(shop: Shop) -> None:
    send = shop.serving()
    assert [send(attempt()), send(attempt()), send(attempt("msg_2"))] == [SHIPPED, DUPLICATE, SHIPPED]
    assert (shop.ran, shop.orders) == (2, 2)


def test_it_is_known_by_the_row_of_the_outbox_it_came_from(shop: Shop) -> None:
    send = shop.serving()
    assert send(attempt("msg_1", row=ROW)) == SHIPPED
    assert send(attempt("msg_2", row=ROW)) == DUPLICATE
    assert send(attempt("msg_2", row=OTHER_ROW)) == SHIPPED


def broken() -> StreamingHttpResponse:
    def parts() -> Any:
        yield b"ship"
        raise LookupError("no such order")

    return StreamingHttpResponse(parts())


class Unrendered(TemplateResponse):
    @property
    def rendered_content(self) -> str:
        raise LookupError("no such template")


async def awaited() -> HttpResponse:
    return HttpResponse("shipped")


NOT_DONE: dict[str, tuple[Callable[[], Any], int]] = {
    "not retryable": (lambda: raising(NonRetryable("no such order")), 489),
    "later": (lambda: raising(RetryAfter(60)), 503),
    "an error": (lambda: raising(LookupError("no such order")), 500),
    "not found": (lambda: raising(Http404()), 404),
    "400": (lambda: HttpResponse(status=400), 400),
    "500": (lambda: HttpResponse(status=500), 500),
    "a redirect": (lambda: HttpResponse(status=302, headers={"Location": "/"}), 302),
    "no response": (lambda: None, 500),
    "a coroutine": (awaited, 500),
    "a stream that breaks off": (broken, 500),
    "a template that cannot be rendered": (lambda: Unrendered(HttpRequest(), "x"), 500),
}


@pytest.mark.parametrize("atomic_requests", [False, True], ids=["", "ATOMIC_REQUESTS"])
@pytest.mark.parametrize(("then", "status"), NOT_DONE.values(), ids=NOT_DONE)
def test_whatever_is_not_2xx_is_rolled_back_and_comes_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, then: Callable[[], Any], status: int, atomic_requests: bool
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", atomic_requests)
    captured = attempt()
    assert shop.serving(ordered(then))(captured)[0] == status
    assert shop.orders == 0
    send = shop.serving()
    assert [send(captured), send(attempt())] == [SHIPPED, DUPLICATE]
    assert shop.orders == 1


def stream() -> StreamingHttpResponse:
    def parts() -> Any:
        yield b"ship"
        order()
        yield b"ped"

    return StreamingHttpResponse(parts())


def test_what_a_stream_does_is_part_of_the_work(shop: Shop) -> None:
    send = shop.serving(ordered(stream))
    assert [send(attempt()), send(attempt())] == [SHIPPED, DUPLICATE]
    assert shop.orders == 2


def test_a_file_is_left_as_it_is(shop: Shop, tmp_path: Any) -> None:
    (tmp_path / "label").write_bytes(b"shipped")
    send = shop.serving(ordered(lambda: FileResponse((tmp_path / "label").open("rb"))))
    assert [send(attempt()), send(attempt())] == [SHIPPED, DUPLICATE]


def test_the_work_and_its_mark_are_seen_together_and_hooks_run_after_that(shop: Shop) -> None:
    seen: list[tuple[str, int, int]] = []

    def view() -> HttpResponse:
        seen.append(("in the view", shop.orders, shop.marks))
        transaction.on_commit(lambda: seen.append(("behind it", shop.orders, shop.marks)))
        return HttpResponse("shipped")

    shop.serving(ordered(view))(attempt())
    assert seen == [("in the view", 0, 0), ("behind it", 1, 1)]


def test_hooks_of_what_is_rolled_back_do_not_run(shop: Shop) -> None:
    ran: list[int] = []

    def view() -> HttpResponse:
        transaction.on_commit(lambda: ran.append(1))
        return HttpResponse(status=503)

    shop.serving(ordered(view))(attempt())
    assert ran == []


def swallowing() -> HttpResponse:
    try:
        execute("CREATE TABLE orders (id INTEGER)") if connection.vendor == "postgresql" else raising(IntegrityError())
    except Exception:
        connection.set_rollback(True)  # as the ORM does
    return HttpResponse("shipped")


def test_a_view_that_hides_what_rolls_it_back_is_not_done(shop: Shop) -> None:
    assert shop.serving(ordered(swallowing))(attempt())[0] == 500
    assert shop.orders == 0
    assert shop.serving()(attempt()) == SHIPPED


@pytest.mark.parametrize(
    "decorate",
    [
        lambda view: transaction.atomic(verify(view)),
        lambda view: transaction.atomic(transaction.atomic(verify(view))),
    ],
    ids=["atomic above", "twice"],
)
def test_a_transaction_further_out_is_refused(shop: Shop, decorate: Any) -> None:
    with pytest.raises(ConfigurationError, match="a transaction is open around the view already"):
        decorate(verify(shipped))(request_of(attempt()))


def request_of(captured: Any) -> Any:
    """A request as Django makes it, for a view that is called without a URLconf."""
    made: Any = RequestFactory().generic(
        captured.method, captured.target, captured.body, headers=dict(captured.headers)
    )
    return made


class Hook(View):
    @method_decorator(verify)
    def post(self, request: HttpRequest) -> HttpResponse:
        return shipped(request)


@method_decorator(verify, name="dispatch")
class WholeHook(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        order()
        return HttpResponse(status=400)


def test_with_atomic_requests_a_method_alone_is_refused_and_a_whole_class_rolls_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    assert answering(csrf_exempt(Hook.as_view()))(attempt())[0] == 500
    assert answering(WholeHook.as_view())(attempt())[0] == 400
    assert shop.orders == 0


def test_decorators_of_one_inbox_may_stand_within_each_other(shop: Shop) -> None:
    send = answering(verify(verify(shipped)))
    assert [send(attempt()), send(attempt())] == [SHIPPED, DUPLICATE]


def test_rest_framework_above_and_below(shop: Shop) -> None:
    def view(request: Any) -> Response:
        order()
        return Response("shipped")

    above: Any = api_view(["POST"])(verify(view))
    below: Any = verify(api_view(["POST"])(view))
    for number, decorated in enumerate((above, below)):
        send = answering(decorated)
        answers = [send(attempt(f"msg_{number}")), send(attempt(f"msg_{number}"))]
        assert answers == [(200, b'"shipped"'), DUPLICATE]
    assert shop.orders == 2


def test_with_once_as_well_both_know_the_message(shop: Shop) -> None:
    send = shop.serving(once=MemoryStore())
    assert [send(attempt()), send(attempt())] == [SHIPPED, DUPLICATE]
    # Another process, whose store has forgotten.
    assert shop.serving(once=MemoryStore())(attempt()) == DUPLICATE
    assert shop.ran == 1


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE"])
def test_a_method_that_qstash_never_sends_is_turned_away(shop: Shop, method: str) -> None:
    send = shop.serving()
    captured = attempt()
    assert send(altered(captured, method))[0] == 401
    assert send(captured) == SHIPPED


def test_an_async_view_is_refused_where_it_is_decorated() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("shipped")

    with pytest.raises(ConfigurationError, match="Django has no transactions in async ones"):
        verify(view)


@pytest.mark.parametrize("inbox", ["", True, 3, b"default"], ids=repr)
def test_what_is_no_alias_is_refused(inbox: Any) -> None:
    with pytest.raises(ConfigurationError, match="inbox must be the alias of a database"):
        verify_qstash(**OPTIONS, inbox=inbox)


def test_a_database_that_is_not_there_is_named(shop: Shop) -> None:
    view = verify_qstash(**OPTIONS, inbox="archive")(shipped)
    with pytest.raises(ConfigurationError, match="inbox='archive': DATABASES has no such database"):
        view(request_of(attempt()))


@modify_settings(INSTALLED_APPS={"remove": "qstash_integrations.django.inbox"})
def test_an_app_that_is_not_installed_is_named(shop: Shop) -> None:
    with pytest.raises(ConfigurationError, match=r"add 'qstash_integrations\.django\.inbox' to INSTALLED_APPS"):
        verify(shipped)(request_of(attempt()))


def test_within_a_test_case_it_works_as_usual(shop: Shop) -> None:
    later = ordered(lambda: raising(RetryAfter(60)))

    class Case(TestCase):
        def test(self) -> None:
            captured = attempt("msg_2")
            sent = [(shipped, attempt()), (shipped, attempt()), (later, captured), (shipped, captured)]
            answers = [verify(view)(request_of(request)) for view, request in sent]
            assert [answer.status_code for answer in answers] == [200, 200, 503, 200]
            assert answers[1].content == DUPLICATE[1]
            assert execute("SELECT COUNT(*) FROM orders") == 2

    result = unittest.TestSuite([Case("test")]).run(unittest.TestResult())
    assert not result.errors + result.failures, result.errors + result.failures
    assert shop.orders == 0
