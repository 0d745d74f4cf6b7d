"""Tasks in FastAPI: their dependencies are those of a path operation, and open for nothing but a call that fits."""

import threading
from collections.abc import AsyncGenerator, Generator
from contextvars import ContextVar
from typing import Annotated, Any, cast

import pytest
from fastapi import (
    APIRouter,
    BackgroundTasks,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
    Security,
    WebSocket,
)
from fastapi.routing import APIRoute
from fastapi.security import SecurityScopes
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

import qstash_integrations.starlette
from qstash_integrations import APIError, ConfigurationError, NonRetryable, RetryAfter, current_delivery
from qstash_integrations._core.publishing.client import APIRequest, APIResponse
from qstash_integrations.fastapi import DeliveryDep, QStash, QStashDep, VerifiedDelivery
from qstash_integrations.once import MemoryStore
from qstash_integrations.tasks import RESULT, Injected, chain, current_call, task
from tests.hosts import asgi_exchange, on_both_loops
from tests.outbox import outbox
from tests.tasks.asgi.apps import OPTIONS
from tests.tasks.asgi.calls import call_url, delivered, request

pytestmark = pytest.mark.anyio

did: list[str] = []
TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")


class Db:
    def __init__(self, name: str = "shop") -> None:
        self.name = name


def get_db() -> Generator[Db]:
    did.append("open")
    try:
        yield Db()
    except Exception as error:
        did.append(f"roll back for {type(error).__name__}")
        raise
    did.append("commit")


async def aget_db() -> AsyncGenerator[Db]:
    did.append("open")
    try:
        yield Db()
    except Exception as error:
        did.append(f"roll back for {type(error).__name__}")
        raise
    did.append("commit")


def get_name() -> str:
    return "a name"


async def aget_name(name: Annotated[str, Depends(get_name)]) -> str:
    return f"async {name}"


class Mailer:
    def __init__(self, name: Annotated[str, Depends(aget_name)]) -> None:
        self.name = name


class Finder:
    def __call__(self) -> str:
        return "found"


def scopes(scopes: SecurityScopes) -> str:
    return scopes.scope_str


def of_request(request: Request, tenant: Annotated[str, Header(alias="X-Tenant")] = "none") -> str:
    return f"{request.method} {tenant}"


async def set_tenant() -> None:
    TENANT.set("of a dependency")


SOME: Any = Depends(get_name)


@task
async def all_kinds(
    order_id: int,
    *,
    plain: Annotated[str, Depends(get_name)] = Injected,
    an_async: Annotated[str, Depends(aget_name)] = Injected,
    db: Annotated[Db, Depends(get_db)] = Injected,
    adb: Annotated[Db, Depends(aget_db)] = Injected,
    of_class: Annotated[Mailer, Depends()] = Injected,
    of_object: Annotated[str, Depends(Finder())] = Injected,
    default: str = SOME,
    secured: Annotated[str, Security(scopes, scopes=["ship", "mail"])] = Injected,
    asked: Annotated[str, Depends(of_request)] = Injected,
    nothing: Annotated[None, Depends(set_tenant)] = Injected,
    gift: bool = False,
) -> list[Any]:
    did.append("run")
    return [
        *(order_id, plain, an_async, db.name, adb.name, of_class.name, of_object, default, secured, asked),
        *(TENANT.get(), nothing, gift),
    ]


@task
def ship(order_id: int, db: Annotated[Db, Depends(get_db)] = Injected) -> str:
    did.append(f"ship {order_id}")
    return db.name


@task
async def fails(error: str, db: Annotated[Db, Depends(aget_db)] = Injected) -> None:
    raise {"again": RetryAfter(60), "never": NonRetryable("no such order"), "http": HTTPException(418)}.get(
        error, LookupError(error)
    )


@task
def in_background(order_id: int, background: BackgroundTasks = Injected) -> None:
    background.add_task(told)
    background.add_task(atold)


def told() -> None:
    did.append(f"{current_call().task.rpartition('.')[2]} {current_delivery().message_id}")


async def atold() -> None:
    told()


@task
async def publishes(order_id: int, qstash: QStashDep = Injected, delivery: DeliveryDep = Injected) -> str | None:
    await qstash.publish_json(url="https://shop.example/done", body=order_id)
    return delivery.message_id


@task
def verifies_twice(delivery: VerifiedDelivery = Injected) -> str | None:
    return delivery.message_id


HERE = [all_kinds, ship, fails, in_background, publishes, verifies_twice]
BODY = b'{"order_id":3}'


@pytest.fixture(autouse=True)
def forget() -> None:
    did.clear()


def app_of(tasks: Any = HERE, **options: Any) -> FastAPI:
    app = FastAPI()
    QStash(app, tasks=tasks, **{**OPTIONS, **options})
    return app


def call(name: str, body: bytes = BODY, **changes: Any) -> Any:
    return request(call_url(f"{__name__}.{name}"), body, **changes)


@on_both_loops
async def test_dependencies_of_all_kinds_are_there(published: list[APIRequest]) -> None:
    await all_kinds.apublish(3, gift=True)
    answer = await asgi_exchange(app_of(), delivered(published[0]))
    assert answer.body == (
        b'[3,"a name","async a name","shop","shop","async a name","found","a name","ship mail","POST none",'
        b'"of a dependency",null,true]'
    )
    assert did == ["open", "open", "run", "commit", "commit"]


def with_postponed_annotations() -> Any:
    """As a module has them that begins with the future import."""
    code = (
        "from __future__ import annotations\n"
        "from typing import Annotated\n"
        "from fastapi import Depends\n"
        "from qstash_integrations.tasks import Injected, task\n"
        "def get_name() -> str: return 'postponed'\n"
        "@task(name='shop.postponed')\n"
        "def postponed(order_id: int, name: Annotated[str, Depends(get_name)] = Injected) -> str: return name\n"
    )
    module: dict[str, Any] = {"__name__": "shop.postponed"}
    exec(code, module)
    return module["postponed"]


async def test_annotations_may_be_postponed() -> None:
    app = app_of([with_postponed_annotations()])
    assert (await asgi_exchange(app, request(call_url("shop.postponed"), BODY))).body == b'"postponed"'


async def test_overrides_of_a_test_hold() -> None:
    app = app_of()
    app.dependency_overrides[get_db] = lambda: Db("of a test")
    assert (await asgi_exchange(app, call("ship"))).body == b'"of a test"'


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"", b"{", b'{"order_id":"x"}', b'{"order_id":3,"db":1}', b'{"order_id":3,"other":1}']
)
async def test_a_body_that_does_not_fit_opens_no_dependency(body: bytes) -> None:
    answer = await asgi_exchange(app_of(), call("ship", body))
    assert (answer.status, did) == (400, [])


async def test_what_is_not_verified_opens_no_dependency() -> None:
    assert (await asgi_exchange(app_of(), call("ship", token=""))).status == 401
    assert did == []


OUTCOMES = {"again": (503, "RetryAfter"), "never": (489, "NonRetryable"), "http": (418, "HTTPException")}


@pytest.mark.parametrize("error", OUTCOMES)
async def test_a_dependency_sees_what_the_task_raises(error: str) -> None:
    status, kind = OUTCOMES[error]
    answer = await asgi_exchange(app_of(), call("fails", b'{"error":"%s"}' % error.encode()))
    assert (answer.status, did) == (status, ["open", f"roll back for {kind}"])


async def test_an_exception_is_a_500_behind_its_dependencies() -> None:
    with pytest.raises(LookupError, match="no connection"):
        await asgi_exchange(app_of(), call("fails", b'{"error":"no connection"}'))
    assert did == ["open", "roll back for LookupError"]


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
async def test_the_answer_waits_for_the_commit_and_once_for_its_success(is_async: bool) -> None:
    commits = [LookupError("could not commit"), None]

    def session() -> Generator[None]:
        yield
        if error := commits.pop(0):
            raise error

    async def asession() -> AsyncGenerator[None]:
        yield
        if error := commits.pop(0):
            raise error

    @task(name="shop.commits")
    def commits_it(order_id: int, db: Annotated[None, Depends(asession if is_async else session)] = Injected) -> None:
        did.append("run")

    app = app_of([commits_it], once=MemoryStore())
    delivery = request(call_url("shop.commits"), BODY)
    with pytest.raises(LookupError, match="could not commit"):
        await asgi_exchange(app, delivery)
    assert (await asgi_exchange(app, delivery)).body == b"null"
    again = await asgi_exchange(app, request(call_url("shop.commits"), BODY, jti="jwt_2"))
    assert (again.body, did) == (b'{"duplicate":true}', ["run", "run"])


@on_both_loops
async def test_what_runs_in_the_background_knows_the_call() -> None:
    await asgi_exchange(app_of(), call("in_background"))
    assert did == ["in_background msg_1"] * 2


async def test_a_task_may_take_the_publisher_and_the_delivery_as_endpoints_do(published: list[APIRequest]) -> None:
    assert (await asgi_exchange(app_of(), call("publishes"))).body == b'"msg_1"'
    assert [one.body for one in published] == [b"3"]
    assert (await asgi_exchange(app_of(), call("verifies_twice", b"{}"))).body == b'"msg_1"'


async def test_dependencies_know_the_call_too() -> None:
    def find() -> str:
        return f"{current_call().task} in a thread: {threading.current_thread() is not threading.main_thread()}"

    @task(name="shop.known")
    async def known(found: Annotated[str, Depends(find)] = Injected) -> str:
        return found

    answer = await asgi_exchange(app_of([known]), request(call_url("shop.known"), b"{}"))
    assert answer.body == b'"shop.known in a thread: True"'


async def test_dependencies_of_the_app_hold_for_its_tasks() -> None:
    def noted() -> None:
        did.append("of the app")

    app = FastAPI(dependencies=[Depends(noted)])
    QStash(app, tasks=HERE, **OPTIONS)
    assert (await asgi_exchange(app, call("ship"))).status == 200
    assert did == ["of the app", "open", "ship 3", "commit"]


async def test_what_a_dependency_lacks_is_told_as_fastapi_does() -> None:
    def tenant(tenant: Annotated[str, Header(alias="X-Tenant")]) -> str:
        return tenant

    @task(name="shop.tenant")
    def of_tenant(name: Annotated[str, Depends(tenant)] = Injected) -> None:
        did.append("run")

    answer = await asgi_exchange(app_of([of_tenant]), request(call_url("shop.tenant"), b"{}"))
    assert (answer.status, did) == (422, [])


async def test_tasks_stand_in_no_schema() -> None:
    app = app_of()
    app.include_router(APIRouter())
    assert app.openapi()["paths"] == {}
    operations = [route for route in app.routes if isinstance(route, APIRoute)]
    assert [route.path.rpartition("/")[2] for route in operations] == [one.name for one in HERE]


async def test_an_app_may_name_its_operations_by_their_tags() -> None:
    app = FastAPI(generate_unique_id_function=lambda route: f"{route.tags[0]}-{route.name}")
    QStash(app, tasks=HERE, **OPTIONS)
    assert (await asgi_exchange(app, call("ship"))).status == 200


async def test_a_copy_of_its_routes_is_verified_too() -> None:
    app = FastAPI()
    app.include_router(app_of().router, prefix="/v2")
    qstash_integrations.starlette.QStash(app, **OPTIONS)
    url = call_url(f"{__name__}.ship", path="/v2/qstash/tasks")
    assert (await asgi_exchange(app, request(url, BODY, token=""))).status == 401
    assert did == []
    assert (await asgi_exchange(app, request(url, BODY))).body == b'"shop"'
    assert did == ["open", "ship 3", "commit"]


def of(annotation: Any) -> Any:
    @task(name="shop.asks")
    def asks(order_id: int, given: Any = Injected) -> None: ...

    asks.function.__annotations__["given"] = annotation
    return task(name="shop.asks")(asks.function)


REFUSED: dict[str, tuple[Any, str]] = {
    "a request": (Request, r"shop\.asks: given is a Request, and a task has none.*current_delivery\(\)"),
    "a connection": (HTTPConnection, "given is a HTTPConnection, and a task has none"),
    "a websocket": (WebSocket, "given is a WebSocket, and a task has none"),
    "a response": (Response, r"given is injected, but by nothing that FastAPI knows; write given: Annotated"),
    "a class": (Db, "given is injected, but by nothing that FastAPI knows"),
    "a query": (Annotated[str, Query()], "given is injected, but by nothing that FastAPI knows"),
    "scopes": (SecurityScopes, "given is injected, but by nothing that FastAPI knows"),
}


@pytest.mark.parametrize(("annotation", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_dependency_is_said_where_the_app_is_made(annotation: Any, message: str) -> None:
    app = FastAPI()
    routes = list(app.routes)
    with pytest.raises(ConfigurationError, match=message):
        QStash(app, tasks=[ship, of(annotation)], **OPTIONS)
    assert app.routes == routes
    assert not hasattr(app.state, "qstash")


def test_a_request_that_is_no_dependency_is_said_too() -> None:
    @task(name="shop.asks")
    def asks(request: Request) -> None: ...

    with pytest.raises(TypeError, match=r"shop\.asks: request is a Request.*current_delivery\(\)"):
        app_of([asks])


def test_the_extension_of_starlette_says_which_one_knows_dependencies() -> None:
    with pytest.raises(ConfigurationError, match=r"qstash_integrations\.fastapi\.QStash\(app, tasks="):
        qstash_integrations.starlette.QStash(FastAPI(), tasks=[ship], **OPTIONS)


async def test_the_extension_of_fastapi_serves_an_app_of_starlette() -> None:
    @task(name="shop.plain")
    def plain(order_id: int) -> int:
        return order_id

    app = Starlette()
    QStash(app, tasks=[plain], **OPTIONS)
    assert (await asgi_exchange(app, request(call_url("shop.plain"), BODY))).body == b"3"


@task(name="shop.then")
def then(of: str) -> None:
    """What follows."""


def commits(is_async: bool, error: Exception | None, notes: list[Any]) -> Any:
    def session() -> Generator[None]:
        yield
        notes.append("commit")
        if error:
            raise error

    async def asession() -> AsyncGenerator[None]:
        for _ in session():
            yield

    @task(name="shop.commits")
    def commits_it(db: Annotated[None, Depends(asession if is_async else session)] = Injected) -> str:
        return "of it"

    return commits_it


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
async def test_what_follows_in_a_chain_waits_for_the_commit(is_async: bool, published: list[APIRequest]) -> None:
    first = commits(is_async, None, cast("list[Any]", published))
    await chain(first.bind(), then.bind(of=RESULT)).apublish()
    call = delivered(published.pop())
    assert (await asgi_exchange(app_of([first, then]), call)).body == b'"of it"'
    assert published[0] == "commit"
    assert [one.body for one in published[1:]] == [b'{"of":"of it"}']


@pytest.mark.parametrize("is_async", [False, True], ids=["plain", "async"])
async def test_where_that_fails_nothing_follows(is_async: bool, published: list[APIRequest]) -> None:
    notes: list[Any] = []
    first = commits(is_async, LookupError("could not commit"), notes)
    await chain(first.bind(), then.bind(of=RESULT)).apublish()
    call = delivered(published.pop())
    with pytest.raises(LookupError, match="could not commit"):
        await asgi_exchange(app_of([first, then]), call)
    assert (notes, published) == (["commit"], [])


async def test_where_what_follows_cannot_be_published_the_task_has_failed(published: list[APIRequest]) -> None:
    for first in (commits(False, None, []), publishes):
        arguments = {} if first is not publishes else {"order_id": 3}
        await chain(first.bind(**arguments), then.bind(of=RESULT)).apublish()
        call = delivered(published.pop())
        app = app_of([first, then], once=MemoryStore())
        with outbox(APIResponse(400, b"no")), pytest.raises(APIError):
            await asgi_exchange(app, call)
        assert (await asgi_exchange(app, call)).status == 200
