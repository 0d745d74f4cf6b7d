"""A handler as a verified handler of aiohttp, and aiohttp's own server in front of it, without a socket."""

import io
from collections.abc import Callable, Sequence
from http.client import HTTPResponse
from typing import Any, cast

import anyio
import anyio.lowlevel
from aiohttp import web

from qstash_integrations.aiohttp import DELIVERY, check_qstash, verify_qstash
from tests.contract.calls import ALONE, Around, Call, Handler, Reading, Reply
from tests.hosts import NOTHING_SENT, Answer, Request, headers_of

Application = Callable[[], web.Application]
"""Makes one: aiohttp's are bound to their event loop."""

_LARGEST = 32 * 1024 * 1024  # bytes of a header line
_SERVERS_OWN = ("connection", "date", "server")


def aiohttp(handler: Handler, readings: Sequence[Reading], options: Any, around: Around = ALONE) -> Application:
    async def ship(request: web.Request) -> web.StreamResponse:
        reply = handler(Call(request[DELIVERY], request.method, await _shown(request, readings)))
        return await _response(request, reply)

    verified = around.verified(verify_qstash, options, ship)

    async def ahead(request: web.Request) -> web.StreamResponse:
        match around.ahead:
            case "reads":
                await request.read()
            case "takes":
                await request.content.read()
        response: web.StreamResponse = await verified(request)
        return web.Response(status=500) if around.ahead == "drops" else response

    def make() -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", ahead if around.ahead else verified)
        return app

    return make


def start(make: Application) -> None:
    anyio.run(check_qstash, make())


async def aiohttp_exchange(make: Application, request: Request, *, inflates: bool = False) -> Answer:
    """One request to aiohttp's server. What the app raises comes out here."""
    raised: list[Exception] = []
    over = anyio.Event()

    @web.middleware
    async def note(seen: web.Request, handler: Any) -> Any:
        try:
            return await handler(seen)
        except Exception as error:
            raised.append(error)
            raise
        finally:
            over.set()

    app = make()
    app.middlewares.insert(0, note)
    runner = web.AppRunner(
        app,
        auto_decompress=inflates,
        max_field_size=_LARGEST,
        max_line_size=_LARGEST,
        lingering_time=0,
        access_log=None,
    )
    await runner.setup()
    connection: Any = cast("Callable[[], Any]", runner.server)()
    wire = Wire(request.leaves_after)
    connection.connection_made(wire)
    connection.data_received(_head(request))
    for chunk in [request.body] if isinstance(request.body, bytes) else request.body:
        await anyio.lowlevel.checkpoint()  # others get their turn, as with a real socket
        if request.readable and chunk:
            connection.data_received(b"%x\r\n%s\r\n" % (len(chunk), chunk) if request.chunked else chunk)
    if request.chunked and not (request.hang_up or request.stalls):
        connection.data_received(b"0\r\n\r\n")
    if request.hang_up:
        await anyio.lowlevel.checkpoint()
        connection.connection_lost(None)
    with anyio.fail_after(10):
        await (over if request.hang_up or request.leaves_after is not None else wire.closed).wait()
    await runner.cleanup()
    if raised and not isinstance(raised[0], web.HTTPException):
        raise raised[0]
    return wire.answer(request.method)


class Wire:
    """The server's end of a connection that closes after one answer, or after ``leaves_after`` writes."""

    def __init__(self, leaves_after: int | None) -> None:
        self.closed = anyio.Event()
        self._sent = bytearray()
        self._takes = leaves_after

    def write(self, part: bytes) -> None:
        self._sent += part
        if self._takes is not None:
            self._takes -= 1

    def writelines(self, parts: Sequence[bytes]) -> None:
        self.write(b"".join(parts))

    def close(self) -> None:
        self.closed.set()

    def is_closing(self) -> bool:
        return self.closed.is_set() or self._takes == 0

    def pause_reading(self) -> None:
        """What was sent is there already."""

    resume_reading = pause_reading

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._sent)

    def answer(self, method: str) -> Answer:
        if not self._sent:
            return NOTHING_SENT
        read = HTTPResponse(cast("Any", self), method=method)
        read.begin()
        headers = {name.lower(): value for name, value in read.getheaders() if name.lower() not in _SERVERS_OWN}
        return Answer(read.status, headers, read.read())


def _head(request: Request) -> bytes:
    lines = [
        (name, value if isinstance(value, bytes) else value.encode("latin-1")) for name, value in headers_of(request)
    ]
    fields = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in lines)
    start = f"{request.method} {request.target} HTTP/1.1\r\n".encode("latin-1")
    return start + fields + b"Connection: close\r\n\r\n"


async def _shown(request: web.Request, readings: Sequence[Reading]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for reading in readings:
        match reading:
            case "body":
                shown[reading] = await request.read()
            case "json":
                shown[reading] = await request.json()
            case "form":
                shown[reading] = {
                    name: value if isinstance(value, str) else cast("Any", value).file.read().decode()
                    for name, value in (await request.post()).items()
                }
    return shown


async def _response(request: web.Request, reply: Reply) -> web.StreamResponse:
    if not reply.parts:
        return web.Response(status=reply.status, headers=reply.headers, body=reply.body)
    response = web.StreamResponse(status=reply.status, headers=reply.headers)
    await response.prepare(request)
    for part in reply.parts:
        await response.write(part)
    return response
