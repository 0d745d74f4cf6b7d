"""The few lines of ASGI that the API needs: a request's parts out of a scope, its body, and an answer in one piece."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from io import BytesIO
from typing import Any, NamedTuple, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


SMALL = 64 * 1024  # bytes of a body, as much as is read ahead of any
PATIENCE = 30.0  # seconds that a body waits for others
_AT_ONCE = nullcontext()


class Gone(Exception):
    """The client left before it had sent all of its request."""


class TooLarge(Exception):
    """The body is larger than it may be."""


class NoRoom(Exception):
    """There are too many large bodies at once."""


class Room:
    """Bytes of bodies that are here at once, all together. One that does not fit waits outside, first come first in.

    Small ones never wait, so that none has to because of large ones that are slow. One alone may be of any size.
    """

    def __init__(self, most: int, patience: float = PATIENCE) -> None:
        self._most = most
        self._patience = patience
        self._taken = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def of(self, size: int) -> AbstractAsyncContextManager[None]:
        """Raises NoRoom when there is still none after a while."""
        return _AT_ONCE if size <= SMALL else self._of(size)

    @asynccontextmanager
    async def _of(self, size: int) -> AsyncGenerator[None]:
        if self._waiting or not self._fits(size):
            await self._turn(size)
        else:
            self._taken += size
        try:
            yield
        finally:
            self._taken -= size
            self._let_in()

    async def _turn(self, size: int) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        is_in = False
        try:
            async with asyncio.timeout(self._patience):
                await turn
            is_in = True
        except TimeoutError:
            raise NoRoom from None
        finally:
            if not is_in:
                self._forgo(size, turn)

    def _forgo(self, size: int, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            # It was let in when it had just given up.
            self._taken -= size
        elif (size, turn) in self._waiting:
            self._waiting.remove((size, turn))
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._fits(self._waiting[0][0]):
            size, turn = self._waiting.popleft()
            if not turn.cancelled():
                self._taken += size
                turn.set_result(None)

    def _fits(self, size: int) -> bool:
        return not self._taken or self._taken + size <= self._most


class HttpRequest(NamedTuple):
    """All but the body."""

    method: str
    path: str  # raw, as latin-1
    query: str  # raw, as latin-1
    headers: Sequence[tuple[bytes, bytes]]  # lower-case names
    caller_ip: str
    receive: Receive

    def by_name(self) -> Mapping[str, str]:
        """The headers by name; of a name that comes twice, both values, which matches nothing."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self.headers:
            name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    def length(self, limit: int) -> int:
        """Of the body, at most; TooLarge when it says that it is larger than ``limit``."""
        told = [value for name, value in self.headers if name == b"content-length"]
        if not told and not any(name == b"transfer-encoding" for name, _ in self.headers):
            return 0
        length = int(told[0][:20]) if len(told) == 1 and told[0].isdigit() else limit
        if length > limit:
            raise TooLarge
        return length

    async def body(self, limit: int) -> bytes:
        """Raises TooLarge when it is larger than ``limit``, and Gone."""
        # Grows where it is, and is handed out without a copy.
        body = BytesIO()
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Gone
            body.write(message.get("body", b""))
            if body.tell() > limit:
                raise TooLarge
            more = message.get("more_body", False)
        return body.getvalue()


class HttpAnswer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes = b""

    async def send(self, send: Send) -> None:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def request_of(scope: Scope, receive: Receive) -> HttpRequest:
    return HttpRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=scope["headers"],
        caller_ip=scope["client"][0] if scope.get("client") else "",
        receive=receive,
    )
