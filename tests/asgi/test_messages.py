"""The ASGI messages that pass through ``QStashMiddleware``."""

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
import pytest
import trio

from qstash_integrations import Delivery, NonRetryable, Receiver
from qstash_integrations.asgi import QStashMiddleware
from tests.hosts import NOTHING_SENT, Answer, Request, answer_of, asgi_exchange, on_both_loops, scope_of
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

pytestmark = pytest.mark.anyio

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
SIGNED = Request("/hooks/ship", [("Upstash-Signature", signed(b"hi"))], b"hi")
ANNOUNCED = SIGNED._replace(headers=[*SIGNED.headers, ("Content-Length", "2")])
REJECTED = 401
END = {"type": "http.disconnect"}


def protected(app: Any, **options: Any) -> QStashMiddleware:
    return QStashMiddleware(app, receiver=RECEIVER, public_url=ORIGIN, **options)


async def ok(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Wire:
    """The server's ends of a request that is fed by hand."""

    def __init__(self, *incoming: Any, then: Callable[[], Awaitable[Any]] | None = None) -> None:
        self.incoming = list(incoming)
        self.then = then
        self.received = 0
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        self.received += 1
        await anyio.lowlevel.checkpoint()
        if not self.incoming and self.then:
            return await self.then()
        return self.incoming.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)


ODD_SCOPES: dict[str, tuple[dict[str, Any], str, int]] = {
    "A07 no raw_path": ({"raw_path": None, "path": "/h\u00e9/a b"}, ORIGIN + "/h%C3%A9/a%20b", 204),
    "A07 no raw_path, an encoded slash": ({"raw_path": None, "path": "/a/b"}, ORIGIN + "/a%2Fb", REJECTED),
    "A07 no raw_path, lone surrogates": ({"raw_path": None, "path": "/\udcff"}, ORIGIN + "/%FF", REJECTED),
    "A08 a decoded raw_path": ({"raw_path": b"/h\xc3\xa9"}, ORIGIN + "/h%C3%A9", REJECTED),
    "A09 a query of any bytes": ({"query_string": b"a=\xff"}, ORIGIN + "/hooks/ship?a=%FF", REJECTED),
    "A21 HTTP/1.0": ({"http_version": "1.0"}, ORIGIN + "/hooks/ship", 204),
    "A21 HTTP/2": ({"http_version": "2"}, ORIGIN + "/hooks/ship", 204),
    "no query, no state": ({"query_string": None, "state": None}, ORIGIN + "/hooks/ship", 204),
}


@pytest.mark.parametrize(("change", "url", "status"), ODD_SCOPES.values(), ids=ODD_SCOPES)
async def test_an_odd_scope_breaks_nothing(change: dict[str, Any], url: str, status: int) -> None:
    request = SIGNED._replace(headers=[("Upstash-Signature", signed(b"hi", url))])
    scope = {name: value for name, value in {**scope_of(request), **change}.items() if value is not None}
    wire = Wire({"type": "http.request", "body": b"hi"})
    await protected(ok)(scope, wire.receive, wire.send)
    assert answer_of(wire.sent).status == status


async def test_H05_a_header_name_that_is_not_lower_case_is_not_the_header() -> None:
    scope = scope_of(SIGNED)
    scope["headers"] = [(name.title(), value) for name, value in scope["headers"]]
    wire = Wire()
    await protected(ok)(scope, wire.receive, wire.send)
    assert answer_of(wire.sent).status == REJECTED


async def test_A18_the_servers_scope_is_left_alone() -> None:
    scope = scope_of(SIGNED)
    before = copy.deepcopy(scope)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"]["mine"] = True
        scope["path"] = "/elsewhere"
        await ok(scope, receive, send)

    wire = Wire({"type": "http.request", "body": b"hi"})
    await protected(app)(scope, wire.receive, wire.send)
    assert answer_of(wire.sent).status == 204
    assert scope == before


async def test_A18_the_lifespans_state_is_still_there() -> None:
    scope = {**scope_of(SIGNED), "state": {"pool": "the pool"}}
    seen: dict[str, Any] = {}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope["state"])
        await ok(scope, receive, send)

    wire = Wire({"type": "http.request", "body": b"hi"})
    await protected(app)(scope, wire.receive, wire.send)
    assert list(seen) == ["pool", "qstash_delivery"]


async def test_A10_a_body_in_parts_is_given_as_one() -> None:
    wire = Wire(
        {"type": "http.request", "more_body": True},
        {"type": "http.request", "body": b"h", "more_body": True},
        {"type": "http.request", "body": b"i"},
    )
    given: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        given.append(await receive())
        await ok(scope, receive, send)

    await protected(app)(scope_of(SIGNED), wire.receive, wire.send)
    assert given == [{"type": "http.request", "body": b"hi", "more_body": False}]


@on_both_loops
@pytest.mark.parametrize("parts", [[b"hi"], [b"h", b"i"], [b"", b"hi"]], ids=["whole", "halves", "late"])
async def test_a_body_of_the_announced_length_is_not_waited_on(parts: list[bytes]) -> None:
    told = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    wire = Wire(*told, then=anyio.sleep_forever)
    with anyio.fail_after(5):
        await protected(ok)(scope_of(ANNOUNCED), wire.receive, wire.send)
    assert answer_of(wire.sent).status == 204
    assert wire.received == len(parts)


@pytest.mark.parametrize("late", [b"", b" and more"], ids=["its end", "more than was announced"])
async def test_of_what_follows_such_a_body_the_app_hears_the_disconnect_alone(late: bytes) -> None:
    wire = Wire(
        {"type": "http.request", "body": b"hi", "more_body": True},
        {"type": "http.request", "body": late, "more_body": False},
        END,
    )
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.extend([await receive(), await receive()])
        await ok(scope, receive, send)

    await protected(app)(scope_of(ANNOUNCED), wire.receive, wire.send)
    assert heard == [{"type": "http.request", "body": b"hi", "more_body": False}, END]


async def test_a_bridge_that_gives_the_body_whenever_it_is_asked_keeps_nobody_for_ever() -> None:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"hi", "more_body": False}

    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.extend([await receive(), await receive()])
        await ok(scope, receive, send)

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await protected(app)(scope_of(ANNOUNCED), receive, send)
    assert [message["body"] for message in heard] == [b"hi", b""]
    assert answer_of(sent).status == 204


@on_both_loops
@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
async def test_A11_after_the_body_the_app_waits_on_the_real_connection(spec_version: str) -> None:
    gone = anyio.Event()

    async def until_gone() -> Any:
        await gone.wait()
        return END

    wire = Wire({"type": "http.request", "body": b"hi"}, then=until_gone)
    scope = {**scope_of(SIGNED), "asgi": {"version": "3.0", "spec_version": spec_version}}
    heard: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        async def listen() -> None:
            heard.append(await receive())

        assert (await receive())["body"] == b"hi"
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listen)
            await send({"type": "http.response.start", "status": 200})
            for part in (b"1", b"2", b"3", b"4", b"5"):
                await anyio.lowlevel.checkpoint()
                await send({"type": "http.response.body", "body": part, "more_body": True})
            assert heard == []
            gone.set()

    await protected(app)(scope, wire.receive, wire.send)
    assert heard == [END]
    assert wire.received == 2
    assert b"".join(message.get("body", b"") for message in wire.sent) == b"12345"


@on_both_loops
async def test_H37_nobody_is_answered_who_left_before_the_end() -> None:
    ran: list[Any] = []

    async def app(*arguments: Any) -> None:
        ran.append(arguments)

    wire = Wire({"type": "http.request", "body": b"h", "more_body": True}, END)
    await protected(app)(scope_of(SIGNED), wire.receive, wire.send)
    assert (ran, wire.sent) == ([], [])


@on_both_loops
async def test_A19_a_cancelled_request_is_cancelled() -> None:
    wire = Wire({"type": "http.request", "body": b"h", "more_body": True}, then=anyio.sleep_forever)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(protected(ok), scope_of(SIGNED), wire.receive, wire.send)
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
    assert scope.cancelled_caught
    assert wire.sent == []


@on_both_loops
@pytest.mark.parametrize("request_of", [SIGNED._replace(headers=[]), SIGNED], ids=["rejected", "signalled"])
async def test_A20_a_client_that_has_gone_is_no_error(request_of: Request, caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise NonRetryable

    async def broken(message: Any) -> None:
        raise OSError("the client has gone")

    wire = Wire({"type": "http.request", "body": b"hi"})
    await protected(app)(scope_of(request_of), wire.receive, broken)
    assert [record.levelname for record in caplog.records] in ([], ["WARNING"])


async def test_A22_what_the_app_sends_is_not_our_business() -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.response.early_hint", "links": [b"</style.css>; rel=preload"]},
        {"type": "http.response.start", "status": 200, "headers": [], "trailers": True},
        {"type": "http.response.zerocopysend", "file": 3},
        {"type": "http.response.pathsend", "path": "/srv/report.pdf"},
        {"type": "http.response.trailers", "headers": [(b"x-sum", b"1")], "more_trailers": False},
    ]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    wire = Wire({"type": "http.request", "body": b"hi"})
    await protected(app)(scope_of(SIGNED), wire.receive, wire.send)
    assert wire.sent == messages


@on_both_loops
async def test_A23_a_body_that_does_not_come_to_an_end_is_given_up() -> None:
    wire = Wire({"type": "http.request", "body": b"h", "more_body": True}, then=anyio.sleep_forever)
    await protected(ok, body_timeout=0.02)(scope_of(SIGNED), wire.receive, wire.send)
    assert answer_of(wire.sent) == Answer(
        408,
        {"content-type": "application/json", "cache-control": "no-store", "content-length": "24"},
        b'{"error":"body timeout"}',
    )


def test_A23_trio_as_the_guest_of_an_asyncio_loop_gives_it_up_too() -> None:
    wire = Wire({"type": "http.request", "body": b"h", "more_body": True}, then=anyio.sleep_forever)

    async def as_guest() -> None:
        ended = asyncio.get_running_loop().create_future()
        trio.lowlevel.start_guest_run(
            protected(ok, body_timeout=0.02),
            scope_of(SIGNED),
            wire.receive,
            wire.send,
            run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
            done_callback=ended.set_result,
        )
        (await ended).unwrap()

    asyncio.run(as_guest())
    assert answer_of(wire.sent).status == 408


@on_both_loops
@pytest.mark.parametrize("is_waited_for", [False, True], ids=["at once", "later"])
async def test_A23_an_end_of_time_that_is_the_servers_own_passes(is_waited_for: bool) -> None:
    async def receive() -> NoReturn:
        if is_waited_for:
            await anyio.lowlevel.checkpoint()
        raise TimeoutError("the server's")

    with pytest.raises(TimeoutError, match="the server's"):
        await protected(ok)(scope_of(SIGNED), receive, Wire().send)


@on_both_loops
async def test_A23_the_time_for_the_body_is_not_the_handlers() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await anyio.sleep(0.04)
        await ok(scope, receive, send)

    assert (await asgi_exchange(protected(app, body_timeout=0.02), SIGNED)).status == 204


async def test_a_signal_after_the_response_has_begun_is_the_servers() -> None:
    signal = NonRetryable("too late")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise signal

    wire = Wire({"type": "http.request", "body": b"hi"})
    with pytest.raises(NonRetryable) as caught:
        await protected(app)(scope_of(SIGNED), wire.receive, wire.send)
    assert caught.value is signal
    assert len(wire.sent) == 1


async def test_an_app_that_answers_nothing_answers_nothing() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        return

    assert await asgi_exchange(protected(app), SIGNED) == NOTHING_SENT


async def test_verified_twice_is_verified() -> None:
    assert (await asgi_exchange(protected(protected(ok)), SIGNED)).status == 204


async def test_no_frame_of_ours_keeps_the_body_while_the_app_runs() -> None:
    async def fail(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await receive()

    async def gone() -> Any:
        raise OSError("the client is gone")

    wire = Wire({"type": "http.request", "body": b"hi"}, then=gone)
    with pytest.raises(OSError, match="the client is gone") as caught:
        await protected(fail)(scope_of(SIGNED), wire.receive, wire.send)
    ours = [entry.frame.f_locals for entry in caught.traceback if "/qstash_integrations/" in str(entry.path)]
    assert [
        name for frame in ours for name, value in frame.items() if value == b"hi" or isinstance(value, Delivery)
    ] == []
    assert len(ours) > 3
