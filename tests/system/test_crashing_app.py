"""An app that crashes in one handler: Starlette answers 500, and uvicorn then closes the connection unannounced."""

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from queue import SimpleQueue

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from qstash_integrations.server.app import LocalServer, running
from qstash_integrations.server.attempt import Attempt

pytestmark = pytest.mark.system

MESSAGES = 100


class App:
    """Raises in /crash, and counts what comes."""

    def __init__(self) -> None:
        self.handled: Counter[bytes] = Counter()
        self.asgi = Starlette(routes=[Route("/{path}", self.handle, methods=["POST"])])

    async def handle(self, request: Request) -> Response:
        self.handled[await request.body()] += 1
        if request.path_params["path"] == "crash":
            raise RuntimeError("a handler that does not work")
        return Response("ok")


@contextmanager
def served(app: App, http: str) -> Generator[int]:
    """The port of a uvicorn of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app.asgi, http=http, lifespan="off", log_config=None))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        try:
            yield int(listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join()


def publish(server: LocalServer, port: int) -> None:
    """One after the other, so that some are delivered while others have just crashed."""
    headers = {"Authorization": f"Bearer {server.token}", "Upstash-Retries": "0"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as api:
        for number in range(MESSAGES):
            path = "crash" if number % 2 else "works"
            api.post(f"/v2/publish/http://127.0.0.1:{port}/{path}", content=str(number)).raise_for_status()


@pytest.mark.parametrize("http", ["httptools", "h11"])
def test_S09_a_handler_that_crashes_costs_no_delivery_to_another(http: str) -> None:
    attempts: SimpleQueue[Attempt] = SimpleQueue()
    app = App()
    with served(app, http) as port, running(watch=attempts.put) as server:
        publish(server, port)
        made = [attempts.get(timeout=30) for _ in range(MESSAGES)]
    outcomes = Counter((attempt.message.url.rpartition("/")[2], attempt.outcome.status) for attempt in made)
    assert outcomes == {("works", 200): MESSAGES // 2, ("crash", 500): MESSAGES // 2}
    assert app.handled == {str(number).encode(): 1 for number in range(MESSAGES)}
