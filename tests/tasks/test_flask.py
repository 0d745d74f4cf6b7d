"""Tasks in Flask: its apps, contexts, hosts and hooks."""

import asyncio
import sys
from collections.abc import Generator
from typing import Any

import anyio
import pytest
from flask import Blueprint, Flask, abort, current_app, g, request, url_for
from flask.cli import routes_command
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse

from qstash_integrations import ConfigurationError
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.flask import QStash, protect, verify_qstash
from qstash_integrations.once import MemoryStore
from qstash_integrations.starlette import QStash as OfStarlette
from qstash_integrations.tasks import task
from tests.hosts import Request, asgi_send, wsgi_send
from tests.outbox import outbox
from tests.signing import CURRENT, NEXT
from tests.tasks import wsgi_mounts
from tests.tasks.wsgi_mounts import KEYS, TOKEN, answered, call_url, delivered, url_of

HERE = sys.modules[__name__]
ORIGIN = wsgi_mounts.ORIGIN
seen: list[Any] = []


@task
def ship(order_id: int) -> str:
    seen.append((current_app.name, request.path.rpartition("/")[0], dict(g.__dict__).get("opened")))
    return current_app.name


@task
async def cancel(order_id: int) -> str:
    await asyncio.sleep(0)
    seen.append((current_app.name, request.path.rpartition("/")[0], dict(g.__dict__).get("opened")))
    return current_app.name


@task
async def goes_on(order_id: int) -> None:
    await ship.apublish(order_id)


SHIP = f"{__name__}.ship"


@pytest.fixture(name="settings", autouse=True)
def of_the_app_alone() -> None:
    """No others, as elsewhere here, which would win over those of an app."""


@pytest.fixture(autouse=True)
def published() -> Generator[list[APIRequest]]:
    seen.clear()
    with outbox() as sent:
        yield sent


def new_app(name: str = "shop", app: Flask | None = None, **options: Any) -> Flask:
    app = app or Flask(name)
    QStash(app, **{"tasks": HERE, "token": TOKEN, "public_url": ORIGIN, **KEYS, **options})
    return app


def call(app: Flask, name: str = SHIP, **changes: Any) -> tuple[int, bytes]:
    return answered(wsgi_send(app)(wsgi_mounts.request(call_url(name), b'{"order_id":3}', **changes)))


def test_the_configuration_of_the_app_names_its_tasks(published: list[APIRequest]) -> None:
    qstash = QStash()
    app = Flask("factory")
    app.config.update(
        QSTASH_TASKS=__name__,
        QSTASH_TASKS_PATH="/jobs",
        QSTASH_TOKEN=TOKEN,
        QSTASH_CURRENT_SIGNING_KEY=CURRENT,
        QSTASH_NEXT_SIGNING_KEY=NEXT,
        QSTASH_PUBLIC_URL=ORIGIN,
    )
    qstash.init_app(app)
    with app.app_context():
        ship.publish(3)
    assert url_of(published[0]).startswith(f"{ORIGIN}/jobs/{SHIP}?")
    assert answered(wsgi_send(app)(delivered(published[0]))) == (200, b'"factory"')
    assert wsgi_send(app)(wsgi_mounts.request(call_url(SHIP))).status == 404  # no route


def test_each_app_of_a_process_publishes_to_itself_and_runs_its_own(published: list[APIRequest]) -> None:
    shop = new_app("shop", public_url="https://shop.example.com")
    office = new_app("office", public_url="https://office.example.com", tasks=[ship], tasks_path="/jobs")
    with shop.app_context():
        ship.publish(3)
        with office.app_context():
            ship.publish(3)
    with override_settings(QSTASH_TOKEN=TOKEN, QSTASH_PUBLIC_URL="https://elsewhere.example.com"):
        ship.publish(3)
    assert [url_of(one).partition("?")[0] for one in published] == [
        f"https://shop.example.com/qstash/tasks/{SHIP}",
        f"https://office.example.com/jobs/{SHIP}",
        f"https://elsewhere.example.com/qstash/tasks/{SHIP}",
    ]
    stolen = delivered(published[0], signed_url=url_of(published[0]))._replace(target=f"/jobs/{SHIP}")
    assert wsgi_send(office)(stolen).status == 401
    assert seen == []


@pytest.mark.parametrize("name", ["ship", "cancel"])
def test_a_task_runs_in_the_context_of_its_request_between_the_hooks_of_the_app(name: str) -> None:
    app = new_app()
    closed: list[bool] = []
    app.before_request(lambda: setattr(g, "opened", True))
    app.teardown_request(lambda error: closed.append(g.opened))
    assert call(app, f"{__name__}.{name}") == (200, b'"shop"')
    assert seen == [("shop", "/qstash/tasks", True)]
    assert closed == [True]


def test_a_commit_that_fails_in_teardown_lets_the_task_run_again() -> None:
    app = new_app(once=MemoryStore())
    commits: list[None] = []

    @app.teardown_request
    def commit(error: BaseException | None) -> None:
        commits.append(None)
        if len(commits) == 1:
            raise OSError("the database is gone")

    with pytest.raises(OSError, match="gone"):
        call(app)
    assert [call(app)[1] for _ in range(2)] == [b'"shop"', b'{"duplicate":true}']
    assert len(seen) == 2


def test_an_async_task_publishes_from_its_event_loop(published: list[APIRequest]) -> None:
    app = new_app()
    assert call(app, f"{__name__}.goes_on")[0] == 200
    assert url_of(published[0]).startswith(f"{ORIGIN}/qstash/tasks/{SHIP}?")


def test_an_async_view_awaits_and_is_told_so(published: list[APIRequest]) -> None:
    app = new_app()

    @app.post("/awaits")
    async def awaits() -> str:
        receipts = await asyncio.gather(ship.apublish(3), ship.apublish(4))
        return receipts[0].message_id

    @app.post("/waits")
    async def waits() -> str:
        with pytest.raises(RuntimeError, match="apublish"):
            ship.publish(3)
        return "told"

    assert [answered(wsgi_send(app)(Request(path))) for path in ("/awaits", "/waits")] == [
        (200, b"msg_1"),
        (200, b"told"),
    ]
    assert len(published) == 2


def test_without_the_extra_an_async_task_is_an_error_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asgiref", None)
    with pytest.raises(ConfigurationError, match=r"cancel is async, .*flask\[async\]"):
        new_app(tasks=cancel)
    new_app(tasks=ship)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"current_signing_key": None}, "current_signing_key is not set"),
        ({"public_url": None}, "QSTASH_PUBLIC_URL"),
        ({"tasks": "shop.no_such_module"}, "no module shop"),
        ({"tasks": [], "around": "text"}, "around"),
        ({"tasks": None, "tasks_path": "/jobs"}, "tasks_path"),
        ({"tasks_path": "jobs/<name>"}, "tasks_path"),
        ({"tasks": 7}, "tasks must be"),
    ],
)
def test_what_is_wrong_is_said_at_the_start(options: dict[str, Any], error: str) -> None:
    app = Flask("shop")
    with pytest.raises(ConfigurationError, match=error):
        new_app(app=app, **options)
    assert call(new_app(app=app)) == (200, b'"shop"')


def test_below_a_mount_the_url_has_its_path(published: list[APIRequest]) -> None:
    app = new_app()
    app.config["APPLICATION_ROOT"] = "/shop"
    with app.app_context():
        ship.publish(3)
    assert url_of(published[0]).startswith(f"{ORIGIN}/shop/qstash/tasks/{SHIP}?")
    sent = delivered(published[0])
    below = sent._replace(root_path="/shop")
    assert answered(wsgi_send(app)(below)) == (200, b'"shop"')


def test_within_a_request_below_a_mount_too(published: list[APIRequest]) -> None:
    app = new_app()
    app.add_url_rule("/order", view_func=lambda: ship.publish(3).message_id, methods=["POST"])
    wsgi_send(app)(Request("/front/order", root_path="/front"))
    assert url_of(published[0]).startswith(f"{ORIGIN}/front/qstash/tasks/{SHIP}?")


def test_mounted_in_an_app_of_another_framework_it_publishes_to_itself(published: list[APIRequest]) -> None:
    app, outer = new_app(), Starlette()
    app.add_url_rule("/order", view_func=lambda: ship.publish(3).message_id, methods=["POST"])
    OfStarlette(outer, token=TOKEN, public_url="https://outer.example.com", **KEYS)

    async def mount(_: Any) -> PlainTextResponse:
        # As a2wsgi calls it: in a thread, and in the context of the request.
        return PlainTextResponse((await anyio.to_thread.run_sync(wsgi_send(app), Request("/order"))).body)

    outer.add_route("/order", mount, methods=["POST"])
    assert asgi_send(outer)(Request("/order")).body == b"msg_1"
    assert url_of(published[0]).startswith(f"{ORIGIN}/qstash/tasks/{SHIP}?")


def caught(**_: str) -> str:
    return "caught"


@pytest.mark.parametrize("host", ["api.example.com", "10.0.0.7:8000", "other.example.com"])
def test_an_app_that_matches_hosts_serves_its_tasks_on_each(host: str, published: list[APIRequest]) -> None:
    app = Flask("shop", host_matching=True, static_host="static.example.com")
    app.add_url_rule("/<path:rest>", view_func=caught, methods=["GET", "POST"], host="api.example.com")
    new_app(app=app)
    app.add_url_rule("/<path:rest>", "any", view_func=caught, methods=["GET", "POST"], host="<anything>")
    assert call(app, headers=[("Host", host)]) == (200, b'"shop"')
    assert call(app, headers=[("Host", host)], token="")[0] == 401
    with app.app_context():
        ship.publish(3)
    assert url_of(published[0]).startswith(f"{ORIGIN}/qstash/tasks/{SHIP}?")


@pytest.mark.parametrize("host", ["api.example.com", "example.com", "other.example.com", "10.0.0.7"])
@pytest.mark.filterwarnings("ignore:Current server name")
def test_an_app_that_matches_subdomains_serves_its_tasks_on_each(host: str) -> None:
    app = Flask("shop", subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.com"
    new_app(app=app)
    app.add_url_rule("/<path:rest>", view_func=caught, methods=["GET", "POST"])
    app.add_url_rule("/<path:rest>", "api", view_func=caught, methods=["GET", "POST"], subdomain="api")
    app.add_url_rule("/<path:rest>", "any", view_func=caught, methods=["GET", "POST"], subdomain="<anything>")
    assert call(app, headers=[("Host", host)]) == (200, b'"shop"')
    assert call(app, headers=[("Host", host)], token="")[0] == 401


def test_tasks_stand_before_what_a_blueprint_catches() -> None:
    app = Flask("shop")
    pages = Blueprint("pages", __name__, url_prefix="/qstash")
    pages.add_url_rule("/<path:rest>", view_func=caught, methods=["GET", "POST"])
    app.register_blueprint(pages)
    new_app(app=app)
    assert call(app) == (200, b'"shop"')
    assert call(app, token="")[0] == 401


def test_a_hook_that_refuses_strangers_can_tell_them() -> None:
    app = new_app()

    @app.before_request
    def log_in() -> None:
        if request.blueprint != "qstash_tasks":
            abort(403)

    assert call(app) == (200, b'"shop"')
    assert call(app, token="")[0] == 401


def test_an_app_of_which_all_is_protected_serves_tasks_once() -> None:
    store = MemoryStore()
    app = new_app(once=store)
    protect(app, once=store)
    assert [call(app)[1] for _ in range(2)] == [b'"shop"', b'{"duplicate":true}']
    assert len(seen) == 1


def test_a_verified_view_beside_them_has_its_own_url() -> None:
    app = new_app()
    app.add_url_rule("/hooks/ship", view_func=verify_qstash(caught), methods=["POST"])
    url = f"{ORIGIN}/hooks/ship"
    assert answered(wsgi_send(app)(wsgi_mounts.request(url))) == (200, b"caught")
    assert answered(wsgi_send(app)(wsgi_mounts.request(call_url(SHIP), signed_url=url)))[0] == 401


def test_where_urls_are_not_verified_a_call_of_one_task_is_none_of_another() -> None:
    app = new_app(verify_url=False, public_url=None)
    assert call(app, signed_url=call_url(SHIP).replace("api.example.com", "elsewhere.example.com"))[0] == 200
    assert call(app, signed_url=call_url(f"{__name__}.cancel"))[0] == 401
    assert len(seen) == 1


def test_the_routes_are_listed() -> None:
    app = new_app()
    lines = app.test_cli_runner().invoke(routes_command).output.splitlines()
    assert [line.split()[1:] for line in lines if SHIP in line] == [["POST", f"/qstash/tasks/{SHIP}"]]


def test_url_for_of_the_app_is_as_before() -> None:
    app = new_app()
    app.add_url_rule("/order", "order", view_func=caught)
    with app.test_request_context():
        assert url_for("order") == "/order"
