"""An aiohttp app as something that takes deliveries: behind its own server, with memory where the socket would be.

Spec: https://docs.aiohttp.org/en/stable/web_reference.html#running-applications and
https://docs.aiohttp.org/en/stable/testing.html
"""

import asyncio
import io
import logging
from collections.abc import Callable, Coroutine, Sequence
from http.client import HTTPResponse
from typing import Any, cast

from aiohttp import web
from aiohttp.test_utils import TestClient

from .in_process import AppRequest, AppResponse, headers_of

_Run = Callable[[Coroutine[Any, Any, AppResponse]], AppResponse]
# So that a body that was published with a Content-Encoding is verified as it was sent.
_AS_SENT: dict[str, Any] = {"auto_decompress": False, "access_log": None}


class AiohttpHost:
    """``given`` is an app, which is then started by its first delivery and cleaned up as its event loop closes, or a
    ``TestClient`` or ``TestServer`` that has started one."""

    def __init__(self, given: Any) -> None:
        self._given = given
        self._starting: asyncio.Future[Callable[[], Any]] | None = None

    def deliver(self, request: AppRequest, run: _Run) -> AppResponse:
        if not isinstance(self._given, web.Application):
            raise RuntimeError("aiohttp's test client belongs to its event loop: use the method that starts with an a")
        return run(self.adeliver(request))

    async def adeliver(self, request: AppRequest) -> AppResponse:
        connection = (await self._server())()
        raised: list[Exception] = []
        connection.logger = _Raised(connection.logger, raised)
        wire = _Wire()
        connection.connection_made(wire)
        connection.data_received(_bytes_of(request))
        await wire.closed.wait()
        return wire.response(request.method, raised[0] if raised else None)

    async def _server(self) -> Callable[[], Any]:
        """Makes connections."""
        if not isinstance(self._given, web.Application):
            return _server_of(self._given)
        if self._starting is None:
            self._starting = asyncio.get_running_loop().create_future()
            # The loop refers to its tasks weakly.
            self._life = asyncio.create_task(self._live(self._given, self._starting))
        return await asyncio.shield(self._starting)

    async def _live(self, app: web.Application, started: "asyncio.Future[Callable[[], Any]]") -> None:
        runner = web.AppRunner(app, **_AS_SENT)
        try:
            await runner.setup()
            started.set_result(cast("Callable[[], Any]", runner.server))
            await asyncio.Event().wait()  # until the loop closes, which cancels what is left in it
        except Exception as error:  # noqa: BLE001 - it is what the test wants to know
            started.set_exception(error)
        finally:
            await runner.cleanup()


def _server_of(given: Any) -> Callable[[], Any]:
    server = given.server if isinstance(given, TestClient) else given
    if server.runner is None:
        raise RuntimeError("start aiohttp's test client before anything is delivered, as in: async with client:")
    return cast("Callable[[], Any]", server.runner.server)


def application_of(given: Any) -> Any:
    """The app in a ``TestClient`` or a ``TestServer``, where there is one; an app comes back."""
    if isinstance(given, web.Application):
        return given
    return getattr(given.server if isinstance(given, TestClient) else given, "app", None)


class _Raised(logging.LoggerAdapter[logging.Logger]):
    """A connection's logger, which is told what handlers raise."""

    def __init__(self, logger: logging.Logger, raised: list[Exception]) -> None:
        super().__init__(logger)
        self._raised = raised

    def exception(self, msg: object, *args: object, exc_info: Any = True, **more: Any) -> None:
        if isinstance(exc_info, Exception):
            self._raised.append(exc_info)
        super().exception(msg, *args, exc_info=exc_info, **more)


class _Wire(asyncio.Transport):
    """The server's end of a connection that closes after one answer."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = asyncio.Event()
        self._sent = io.BytesIO()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._sent.write(data)

    def writelines(self, list_of_data: Any) -> None:
        self._sent.writelines(list_of_data)

    def close(self) -> None:
        self.closed.set()

    abort = close

    def is_closing(self) -> bool:
        return self.closed.is_set()

    def pause_reading(self) -> None:
        """All that will come is there already."""

    resume_reading = pause_reading

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing waits to be written."""

    def makefile(self, mode: str) -> io.BytesIO:
        """For ``HTTPResponse``, which reads from sockets."""
        self._sent.seek(0)
        return self._sent

    def response(self, method: str, error: Exception | None) -> AppResponse:
        if not self._sent.tell():
            return AppResponse(status=500, error=error or RuntimeError("the app closed the connection unanswered"))
        read = HTTPResponse(cast("Any", self), method=method)
        read.begin()
        return AppResponse(status=read.status, headers=tuple(read.getheaders()), body=read.read(), error=error)


def _bytes_of(request: AppRequest) -> bytes:
    lines: Sequence[tuple[str, str]] = (*headers_of(request), ("Connection", "close"))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{request.method} {request.target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + request.body
