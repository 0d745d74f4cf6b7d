"""The few lines of ASGI that the API needs: a request's parts out of a scope, its body, and an answer in one piece."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Gone(Exception):
    """The client left before it had sent all of its request."""


class TooLarge(Exception):
    """The body is larger than it may be."""


class NoRoom(Exception):
    """There are too many bodies at once that are only half there."""


class Room:
    """Bytes of bodies that are coming in, all together."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self, size: int) -> None:
        """Raises NoRoom; else ``give`` must follow."""
        if size > self._left:
            raise NoRoom
        self._left -= size

    def give(self, size: int) -> None:
        self._left += size


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

    async def body(self, limit: int, room: "Room", length: str = "") -> bytes:
        """Raises TooLarge when it is, or says by its ``length`` that it is, larger than ``limit``; NoRoom, and Gone."""
        if length.isdecimal() and int(length[:20]) > limit:
            raise TooLarge
        chunks: list[bytes] = []
        size = 0
        more = True
        try:
            while more:
                message = await self.receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                room.take(len(chunk))
                chunks.append(chunk)
                more = message.get("more_body", False)
            return b"".join(chunks)
        finally:
            room.give(sum(map(len, chunks)))


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
