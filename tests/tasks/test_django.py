"""Tasks in Django: its settings, transactions, middleware and URLs."""

import subprocess
import sys
import unittest
from collections.abc import Callable, Generator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.django.project import asgi_app, configure, forget_connections, urlconf, wsgi_app

configure()

from django.conf.urls.i18n import i18n_patterns  # noqa: E402 - after Django is configured
from django.core.checks import run_checks  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402
from django.db import connections, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.test import TestCase, override_settings  # noqa: E402
from django.urls import include, path, set_script_prefix  # noqa: E402
from django.utils import translation  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from qstash_integrations import APIError, NonRetryable, RetryAfter  # noqa: E402
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport  # noqa: E402
from qstash_integrations.django import verify_qstash  # noqa: E402
from qstash_integrations.once import MemoryStore  # noqa: E402
from qstash_integrations.tasks import chain, task  # noqa: E402
from tests.hosts import Request, Send, asgi_send, wsgi_send  # noqa: E402
from tests.outbox import outbox  # noqa: E402
from tests.tasks.wsgi_mounts import (  # noqa: E402
    KEYS,
    ORIGIN,
    TOKEN,
    URLS,
    answered,
    call_url,
    delivered,
    request,
    url_of,
)

SETTINGS: dict[str, Any] = {
    "TASKS": __name__,
    "TOKEN": TOKEN,
    "PUBLIC_URL": ORIGIN,
    **{name.upper(): value for name, value in KEYS.items()},
}
ROUTES = [path("qstash/", include(URLS))]
SIGNALS: dict[str, Callable[[], Exception]] = {
    "NonRetryable": lambda: NonRetryable("no such order"),
    "RetryAfter": lambda: RetryAfter(60),
    "an error": lambda: KeyError("order"),
}
around: list[str] = []
store = MemoryStore()


def execute(statement: str, using: str = "default") -> int:
    with connections[using].cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def write() -> None:
    execute("INSERT INTO orders VALUES (1, NULL)")


@task
def order(error: str | None = None) -> int:
    write()
    if error is not None:
        raise SIGNALS[error]()
    return 1


@task
@transaction.non_atomic_requests
def order_by_itself(error: str) -> None:
    order(error)


@transaction.non_atomic_requests
@task
def order_by_itself_too(error: str) -> None:
    order(error)


@task
def order_without_a_shop() -> None:
    execute("INSERT INTO orders VALUES (1, 404)")


@task
async def count_async() -> None:
    pass


@task
def counted() -> int:
    return execute("SELECT COUNT(*) FROM orders")


def tenant(call: Any) -> Any:
    around.append(call.task)
    return nullcontext()


@pytest.fixture(name="settings", autouse=True)
def of_the_project_alone() -> Generator[None]:
    """No others, as elsewhere here, which would win over those of the project."""
    with override_settings(QSTASH=SETTINGS, ROOT_URLCONF=urlconf(*ROUTES)):
        yield


@pytest.fixture(autouse=True)
def published() -> Generator[list[APIRequest]]:
    around.clear()
    with outbox() as sent:
        yield sent


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[], int]]:
    """How many orders there are, in a database of the test's own; its transactions are those of requests."""
    forget_connections()
    monkeypatch.setitem(connections.settings["default"], "NAME", str(tmp_path / "orders.sqlite3"))
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    execute("CREATE TABLE shops (id INTEGER PRIMARY KEY)")
    execute("CREATE TABLE orders (id INTEGER, shop INTEGER REFERENCES shops DEFERRABLE INITIALLY DEFERRED)")
    yield lambda: execute("SELECT COUNT(*) FROM orders")
    forget_connections()


def wsgi(*patterns: Any) -> Send:
    return wsgi_send(wsgi_app(*(patterns or ROUTES)))


def called(name: str, body: bytes = b"{}", **changes: Any) -> Request:
    return request(call_url(f"{__name__}.{name}"), body, **changes)


@pytest.mark.parametrize("error", SIGNALS)
def test_what_a_task_raises_rolls_it_back(orders: Callable[[], int], error: str) -> None:
    statuses = {"NonRetryable": 489, "RetryAfter": 503, "an error": 500}
    assert wsgi()(called("order", b'{"error":"%s"}' % error.encode())).status == statuses[error]
    assert orders() == 0
    assert answered(wsgi()(called("order"))) == (200, b"1")
    assert orders() == 1


@pytest.mark.parametrize("name", ["order_by_itself", "order_by_itself_too"])
def test_a_task_may_stand_outside_of_the_transactions_of_requests(orders: Callable[[], int], name: str) -> None:
    assert wsgi()(called(name, b'{"error":"an error"}')).status == 500
    assert orders() == 1


@pytest.mark.parametrize("serve", [lambda: wsgi(), lambda: asgi_send(asgi_app(*ROUTES))], ids=["wsgi", "asgi"])
def test_an_async_task_is_served_where_requests_have_transactions(
    orders: Callable[[], int], serve: Callable[[], Send]
) -> None:
    assert answered(serve()(called("count_async"))) == (200, b"null")


def test_what_follows_is_published_once_the_task_has_committed(orders: Callable[[], int]) -> None:
    visible: list[int] = []

    def look(sent: APIRequest) -> APIResponse:
        if "counted" in sent.url:
            other = connections.create_connection("default")
            with other.cursor() as cursor:
                cursor.execute("SELECT COUNT(*) FROM orders")
                visible.append(cursor.fetchone()[0])
            other.close()
        return APIResponse(201, b'{"messageId":"msg_1"}')

    with outbox() as sent:
        chain(order.bind(), counted.bind()).publish()
    with override_transport(look):
        assert wsgi()(delivered(sent[0])).status == 200
    assert visible == [1]


def test_what_cannot_be_committed_is_followed_by_nothing(
    orders: Callable[[], int], published: list[APIRequest]
) -> None:
    chain(order_without_a_shop.bind(), counted.bind()).publish()
    call = published.pop()
    assert wsgi()(delivered(call)).status == 500
    assert (published, orders()) == ([], 0)


def test_where_what_follows_cannot_be_published_the_task_runs_again(orders: Callable[[], int]) -> None:
    with outbox() as sent:
        chain(order.bind(), counted.bind()).publish()
    with override_settings(QSTASH={**SETTINGS, "ONCE": MemoryStore()}):
        with outbox(APIResponse(403, b'{"error":"daily limit"}')):
            assert wsgi()(delivered(sent[0])).status == 500
        with outbox() as followed:
            assert wsgi()(delivered(sent[0])).status == 200
        assert answered(wsgi()(delivered(sent[0]))) == (200, b'{"duplicate":true}')
    assert (len(followed), orders()) == (1, 2)


def test_a_commit_that_fails_lets_the_task_run_again(orders: Callable[[], int]) -> None:
    with override_settings(QSTASH={**SETTINGS, "ONCE": MemoryStore()}):
        assert [wsgi()(called("order_without_a_shop")).status for _ in range(2)] == [500, 500]


@pytest.mark.parametrize("value", [store, f"{__name__}.store"], ids=["itself", "its path"])
def test_once_is_a_setting_of_every_verified_view(value: object) -> None:
    ran: list[None] = []

    @verify_qstash
    def view(request: HttpRequest) -> HttpResponse:
        ran.append(None)
        return HttpResponse("ran")

    url = f"{ORIGIN}/hook"
    with override_settings(QSTASH={**SETTINGS, "ONCE": value}):
        send = wsgi(path("hook", view))
        message_id = str(value)
        assert [send(request(url, message_id=message_id)).body for _ in range(2)] == [b"ran", b'{"duplicate":true}']
    assert ran == [None]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"TASKS": "shop.nothing"}, "no module shop"),
        ({"TASKS": 7}, "tasks must be"),
        ({"AROUND": "shop.nothing.around"}, "QSTASH_AROUND is 'shop.nothing.around', which cannot be imported"),
        ({"AROUND": 7}, "around must be"),
        ({"ONCE": "shop.nothing.store"}, "QSTASH_ONCE is 'shop.nothing.store', which cannot be imported"),
        ({"ONCE": 7}, "QSTASH_ONCE: once must be a store"),
        ({"TASKS": None, "AROUND": tenant}, "around is about tasks"),
        ({"TASKS_URL": "jobs"}, "QSTASH_TASKS_URL has no scheme"),
    ],
)
def test_what_is_wrong_is_an_error_of_the_checks(changed: dict[str, Any], error: str) -> None:
    with override_settings(QSTASH={**SETTINGS, **changed}):
        assert [found.id for found in run_checks(tags=["qstash"]) if error in str(found)] == ["qstash.E003"]


def test_what_is_wrong_with_tasks_is_an_error_of_the_first_request_too(caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(QSTASH={**SETTINGS, "TASKS": "shop.nothing"}):
        assert wsgi()(called("order")).status == 500
    assert "ConfigurationError: tasks: there is no module shop" in caplog.text


def test_tasks_that_are_served_nowhere_are_a_warning_of_the_checks() -> None:
    with override_settings(ROOT_URLCONF=urlconf()):
        assert [found.id for found in run_checks(tags=["qstash"])] == ["qstash.W003"]
    assert run_checks(tags=["qstash"]) == []


def test_around_may_be_a_path() -> None:
    with override_settings(QSTASH={**SETTINGS, "AROUND": f"{__name__}.tenant"}):
        assert wsgi()(called("count_async")).status == 200
    assert around == [f"{__name__}.count_async"]


def test_the_flat_names_are_as_good() -> None:
    flat = {f"QSTASH_{name}": value for name, value in SETTINGS.items()}
    with override_settings(QSTASH=None, **flat):
        assert wsgi()(called("count_async")).status == 200


def test_without_tasks_there_is_no_route_of_them(orders: Callable[[], int]) -> None:
    with override_settings(QSTASH={**SETTINGS, "TASKS": None}):
        assert wsgi()(called("order")).status == 404
    assert orders() == 0


MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
]


@pytest.mark.system
def test_middleware_that_refuses_strangers_lets_tasks_pass() -> None:
    code = f"""
from tests.django.project import configure, urlconf, wsgi_app
from django.conf import settings
settings.configure(
    SECRET_KEY="only for tests", USE_TZ=True, ALLOWED_HOSTS=["*"], MIDDLEWARE={MIDDLEWARE!r}, QSTASH={SETTINGS!r},
    DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}}, ROOT_URLCONF=urlconf(),
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"],
)
import django
django.setup()
from tests.tasks import test_django as here
send = here.wsgi()
answers = [send(here.called("count_async")), send(here.called("count_async", token="")), send(here.Request("/qstash"))]
print(*(answer.status for answer in answers))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["200", "401", "404"]


@pytest.mark.system
def test_a_script_of_the_project_publishes_without_importing_anything_of_ours_but_the_tasks() -> None:
    code = f"""
from django.conf import settings
settings.configure(QSTASH={ {**SETTINGS, "TASKS": None, "PUBLIC_URL": "https://script.example.com"}!r})
from qstash_integrations.tasks import task
from tests.outbox import outbox
@task(name="ship")
def ship(order_id: int) -> None: ...
with outbox() as sent:
    ship.publish(3)
print(sent[0].url, dict(sent[0].headers)["Authorization"])
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    url, _, token = ended.stdout.split()
    assert url.partition("?")[0].endswith("/v2/publish/https://script.example.com/qstash/tasks/ship")
    assert token == TOKEN


def test_an_async_view_awaits(published: list[APIRequest]) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        with pytest.raises(RuntimeError, match="apublish"):
            counted.publish()
        return HttpResponse((await counted.apublish()).message_id)

    assert asgi_send(asgi_app(path("order", csrf_exempt(view))))(Request("/order")).body == b"msg_1"
    assert len(published) == 1


LANGUAGES = {"with a prefix": True, "without one": False}


@pytest.mark.parametrize("prefixed", LANGUAGES.values(), ids=LANGUAGES)
def test_below_a_language_they_are_published_to_the_one_of_the_project(
    prefixed: bool, published: list[APIRequest]
) -> None:
    patterns = i18n_patterns(*ROUTES, prefix_default_language=prefixed)
    middleware = ["django.middleware.locale.LocaleMiddleware"]
    with override_settings(
        ROOT_URLCONF=urlconf(*patterns), MIDDLEWARE=middleware, LANGUAGE_CODE="en", LANGUAGES=[("en", "E"), ("de", "D")]
    ):
        with translation.override("de"):
            count_async.publish()
        assert url_of(published[0]).startswith(f"{ORIGIN}/en/qstash" if prefixed else f"{ORIGIN}/qstash")
        sent = delivered(published[0])
        german = sent._replace(headers=[*sent.headers, ("Accept-Language", "de")])
        assert wsgi_send(wsgi_app(*patterns))(german).status == 200


def test_below_a_script_name(published: list[APIRequest]) -> None:
    set_script_prefix("/shop/")
    try:
        with override_settings(FORCE_SCRIPT_NAME="/shop"):
            count_async.publish()
            assert url_of(published[0]).startswith(f"{ORIGIN}/shop/qstash/tasks/")
            assert wsgi()(delivered(published[0])._replace(root_path="/shop")).status == 200
    finally:
        set_script_prefix("/")


def test_tasks_that_no_url_includes_are_an_error_where_they_are_published() -> None:
    with override_settings(ROOT_URLCONF=urlconf()), pytest.raises(ImproperlyConfigured, match=r'include\("qstash_int'):
        count_async.publish()


class Rollback(Exception):
    pass


def test_on_commit_a_call_is_published_when_everybody_sees_what_was_written(
    orders: Callable[[], int], published: list[APIRequest]
) -> None:
    with transaction.atomic():
        receipt = counted.publish_on_commit()
        with suppress(Rollback), transaction.atomic():
            counted.publish_on_commit()
            raise Rollback
        with transaction.atomic():
            chain(order.bind(), counted.bind()).publish_on_commit()
        assert published == []
        with pytest.raises(RuntimeError, match="nothing was published yet"):
            receipt.message_id  # noqa: B018
    assert [url_of(one).partition("?")[0].rpartition(".")[2] for one in published] == ["counted", "order"]
    assert receipt.message_id == "msg_1"


def test_on_commit_what_is_rolled_back_publishes_nothing(
    orders: Callable[[], int], published: list[APIRequest]
) -> None:
    with suppress(Rollback), transaction.atomic():
        counted.publish_on_commit()
        raise Rollback
    assert published == []


def test_on_commit_outside_of_a_transaction_it_is_published_at_once(
    orders: Callable[[], int], published: list[APIRequest]
) -> None:
    assert counted.publish_on_commit().message_id == "msg_1"
    assert len(published) == 1


def test_on_commit_of_another_database(
    orders: Callable[[], int], published: list[APIRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connections.settings, "other", dict(connections.settings["default"]))
    with transaction.atomic(using="other"):
        counted.bind().publish_on_commit()
        counted.bind().publish_on_commit(using="other")
        assert len(published) == 1
    assert len(published) == 2


def test_on_commit_what_fails_is_logged_and_hinders_no_other(
    orders: Callable[[], int], caplog: pytest.LogCaptureFixture
) -> None:
    after: list[str] = []
    with outbox(APIResponse(403, b'{"error":"daily limit"}')), transaction.atomic():
        receipt = counted.publish_on_commit()
        transaction.on_commit(lambda: after.append("ran"))
    assert after == ["ran"]
    assert "daily limit" in caplog.text
    with pytest.raises(APIError):
        receipt.message_id  # noqa: B018


def test_on_commit_a_test_case_captures_it(orders: Callable[[], int], published: list[APIRequest]) -> None:
    class Orders(TestCase):
        def runTest(self) -> None:
            with self.captureOnCommitCallbacks(execute=True) as callbacks:
                counted.publish_on_commit()
                assert published == []
            assert (len(callbacks), len(published)) == (1, 1)

    result = unittest.TestResult()
    unittest.TestSuite([Orders()]).run(result)
    assert [*result.errors, *result.failures] == []


def test_by_setting_everything_waits_for_the_commit(orders: Callable[[], int], published: list[APIRequest]) -> None:
    with override_settings(QSTASH={**SETTINGS, "ON_COMMIT": True}), transaction.atomic():
        counted.publish()
        assert published == []
    assert len(published) == 1


def test_a_test_case_calls_a_task_through_its_client(orders: Callable[[], int]) -> None:
    class Orders(TestCase):
        def runTest(self) -> None:
            sent = called("order")
            headers: Any = dict(sent.headers)
            answer = self.client.post(sent.target, sent.body, "application/json", headers=headers)
            assert (answer.status_code, answer.json(), orders()) == (200, 1, 1)

    result = unittest.TestResult()
    unittest.TestSuite([Orders()]).run(result)
    assert [*result.errors, *result.failures] == []
