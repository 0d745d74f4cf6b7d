"""The local server's own API without a socket: what a publisher sends is accepted or refused as by the server."""

import threading
from collections.abc import Coroutine
from typing import Any

from .._core.publishing.client import APIRequest, APIResponse
from ..server.api import LOCAL_NAMES, Access, Api
from ..server.engine import Engine
from ..server.worker.target import Target


class InProcessApi:
    """Takes the publishers' requests, from whatever thread they come; ``lock`` is held meanwhile."""

    def __init__(self, engine: Engine, token: str, lock: threading.RLock) -> None:
        self._api = Api(engine, Access(token, LOCAL_NAMES))
        self._lock = lock

    def __call__(self, request: APIRequest) -> APIResponse:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": request.body or b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        with self._lock:
            _finish(self._api(_scope(request), receive, send))
        start, *rest = sent
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
        return APIResponse(start["status"], b"".join(message.get("body", b"") for message in rest), headers)


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that never waits: publishers call from inside and outside of event loops."""
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise RuntimeError("the API waits for something that does not come")


def _scope(request: APIRequest) -> dict[str, Any]:
    target = Target.of(request.url)
    path, _, query = target.path.partition("?")
    headers = [("host", target.authority), *request.headers]
    return {
        "type": "http",
        "method": request.method,
        "path": path,
        "raw_path": path.encode("latin-1"),
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 0),
    }
