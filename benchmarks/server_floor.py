"""The floor of the local server: the HTTP exchanges and the commits of a message, and nothing else.

``python -m benchmarks.server_floor PORT FILE library|bare`` serves until it is ended. For each message:

1. a request comes in, over a connection that stays open, and is answered with 201 once the message is committed;
2. that it is being delivered is committed;
3. a request with its body goes out to the app, over a connection of its own: on one that is kept, a request that was
   lost because the app was just closing it looks like one that arrived, and would be charged or sent twice;
4. that it was delivered is committed.

So it is two exchanges and three commits, as many as a message needs that must be neither lost nor forgotten to have
been tried. No token, no routes, no options, no signature, no log, no index: the table is one of numbers, texts and
bodies. Commits are made one by one, in WAL mode, under the pragmas of the local server.

All of it is made of what a Python program would take, in one thread with asyncio: a bare ASGI app on ``uvicorn`` with
``httptools``, ``sqlite3``, and for the request out, either the fastest client library in wide use, ``aiohttp``
(``library``), or no library at all but the parser (``bare``): a fixed request, written to a socket, and an answer
of which only the status is looked at. No server that does anything else with its messages comes near the second.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httptools
import uvicorn

Post = Callable[[int, bytes], Awaitable[int]]


class Floor:
    """``post`` sends a body to a port and gives the status."""

    def __init__(self, file: str, post: Post) -> None:
        self._post = post
        self._tasks: set[asyncio.Task[None]] = set()
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.executescript(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
            "CREATE TABLE messages (seq INTEGER PRIMARY KEY, state TEXT, url TEXT, body BLOB)"
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":
            await _answer(send, 200, b'{"parallelismCount":%d}' % len(self._tasks))
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        await _answer(send, 201, b'{"messageId":"msg_%d"}' % self._accept(scope["path"], body))

    def _accept(self, path: str, body: bytes) -> int:
        row = "INSERT INTO messages (state, url, body) VALUES ('waiting', ?, ?)"
        seq = self._connection.execute(row, (path, body)).lastrowid
        assert seq is not None
        port = int(path.rpartition(":")[2].partition("/")[0])
        task = asyncio.create_task(self._deliver(seq, port, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return seq

    async def _deliver(self, seq: int, port: int, body: bytes) -> None:
        self._connection.execute("UPDATE messages SET state = 'active' WHERE seq = ?", (seq,))
        if await self._post(port, body) == 200:
            self._connection.execute("UPDATE messages SET state = 'delivered' WHERE seq = ?", (seq,))


async def _answer(send: Any, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def library() -> Post:
    import aiohttp

    sessions: list[aiohttp.ClientSession] = []

    async def post(port: int, body: bytes) -> int:
        if not sessions:
            connector = aiohttp.TCPConnector(force_close=True)
            sessions.append(aiohttp.ClientSession(headers={"Content-Type": "application/json"}, connector=connector))
        async with sessions[0].post(f"http://127.0.0.1:{port}/hook", data=body) as answer:
            await answer.read()
            return answer.status

    return post


def bare() -> Post:
    head = (
        b"POST /hook HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n"
    )

    async def post(port: int, body: bytes) -> int:
        _, exchange = await asyncio.get_running_loop().create_connection(_Exchange, "127.0.0.1", port)
        return await exchange.ask(head % (port, len(body)) + body)

    return post


class _Exchange(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def ask(self, request: bytes) -> asyncio.Future[int]:
        self._parser = httptools.HttpResponseParser(self)
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._status

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._status.set_result(self._parser.get_status_code())


def main(port: str, file: str, client: str) -> None:
    config = uvicorn.Config(
        Floor(file, {"library": library, "bare": bare}[client]()),
        port=int(port),
        http="httptools",
        loop="asyncio",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    uvicorn.Server(config).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
