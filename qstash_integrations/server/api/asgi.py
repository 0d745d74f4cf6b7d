"""The few lines of ASGI that the API needs: a request's parts out of a scope, its body, and an answer in one piece."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Gone(Exception):
    """The client left before it had sent all of its request."""


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

    async def body(self, limit: int, length: str = "") -> bytes | None:
        """None when it is, or says by its ``length`` that it is, larger than ``limit``. Raises Gone."""
        if length.isdecimal() and int(length[:20]) > limit:
            return None
        chunks: list[bytes] = []
        size = 0
        more = True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise Gone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                return None
            chunks.append(chunk)
            more = message.get("more_body", False)
        return b"".join(chunks)


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
