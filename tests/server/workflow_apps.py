"""Apps with the official Python SDK for workflows, in FastAPI and Flask, that serve the same functions."""

import asyncio
import inspect
import queue
import socket
import threading
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from operator import attrgetter
from typing import Any

import uvicorn
from fastapi import FastAPI
from flask import Flask
from qstash import AsyncQStash, QStash
from upstash_workflow.fastapi import Serve as FastApiServe
from upstash_workflow.flask import Serve as FlaskServe

from tests import wsgi_server
from tests.server.destination import SOON

Workflow = Callable[[Any], Generator[Any, Any, object]]
"""Yields what the context's methods return, and goes on with what came of it."""


class App:
    """What the workflows tell, and how often each was called.

    ``lost`` says which call to a path has a 500 for its answer.
    """

    def __init__(self, *workflows: Workflow, env: Mapping[str, str], lost: Mapping[str, int] | None = None) -> None:
        self.workflows = {workflow.__name__: workflow for workflow in workflows}
        self.env = dict(env)
        self.lost = lost or {}
        self.calls: Counter[str] = Counter()
        self.told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.url = ""

    def next(self, patience: float = SOON) -> Any:
        return self.told.get(timeout=patience)

    def failed(self, context: Any, status: int, message: str, headers: Mapping[str, str]) -> None:
        self.told.put(("failed", context.request_payload, status, message))

    def is_lost(self, path: str) -> bool:
        """To be asked once for each call."""
        self.calls[path] += 1
        return self.calls[path] == self.lost.get(path)


@contextmanager
def fastapi(app: App) -> Generator[App]:
    served = FastAPI()
    client = AsyncQStash(app.env["QSTASH_TOKEN"], base_url=app.env["QSTASH_URL"])
    serve = FastApiServe(served)

    async def failed(context: Any, status: int, message: str, headers: Mapping[str, str]) -> None:
        app.failed(context, status, message, headers)

    for name, workflow in app.workflows.items():
        options = {"failure_function": failed, "retries": 0} if name == "failing" else {}
        serve.post(f"/{name}", qstash_client=client, env=app.env, **options)(_awaiting(workflow))

    async def losing(scope: Any, receive: Any, send: Any) -> None:
        async def losing_send(message: Any) -> None:
            if message["type"] == "http.response.start" and app.is_lost(scope["path"]):
                message |= {"status": 500, "headers": [*message["headers"], (b"retry-after", b"0")]}
            await send(message)

        await served(scope, receive, losing_send)

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # Who comes before the server has started must not be turned away.
        listening.listen()
        app.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        # Who calls a server that was killed, as the SDK does for half a minute, is not waited for.
        server = uvicorn.Server(uvicorn.Config(losing, lifespan="off", log_config=None, timeout_graceful_shutdown=1))

        async def main() -> None:
            await server.serve([listening])
            await opened(client).aclose()

        thread = threading.Thread(target=lambda: asyncio.run(main()))
        thread.start()
        try:
            yield app
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def flask(app: App) -> Generator[App]:
    served = Flask(__name__)
    client = QStash(app.env["QSTASH_TOKEN"], base_url=app.env["QSTASH_URL"])
    serve = FlaskServe(served)
    for name, workflow in app.workflows.items():
        options = {"failure_function": app.failed, "retries": 0} if name == "failing" else {}
        serve.route(f"/{name}", qstash_client=client, env=app.env, **options)(_calling(workflow))

    def losing(environ: Any, start_response: Any) -> Any:
        def losing_start(status: str, headers: Any, *rest: Any) -> Any:
            if app.is_lost(environ["PATH_INFO"]):
                return start_response("500 Lost", [*headers, ("Retry-After", "0")], *rest)
            return start_response(status, headers, *rest)

        return served(environ, losing_start)

    with wsgi_server.running(losing) as port:
        app.url = f"http://127.0.0.1:{port}"
        yield app
    opened(client).close()


Serving = Callable[[App], AbstractContextManager[App]]


def opened(client: object) -> Any:
    """What the SDK's clients leave open: they have no close of their own."""
    return attrgetter("http._client")(client)


def _awaiting(workflow: Workflow) -> Any:
    async def route(context: Any) -> None:
        steps, value = workflow(context), None
        while True:
            try:
                step = steps.send(value)
            except StopIteration:
                return
            value = await step if inspect.isawaitable(step) else step

    return route


def _calling(workflow: Workflow) -> Any:
    def route(context: Any) -> None:
        steps, value = workflow(context), None
        while True:
            try:
                value = steps.send(value)
            except StopIteration:
                return

    # Flask knows views by their names.
    route.__name__ = workflow.__name__
    return route
