"""Tasks in any ASGI app, with no framework in between: ``TasksApp``, put where a router likes.

Nothing runs, and nothing is said of what there is to run, before a request was verified: a stranger is answered 401 for
every path and method. What becomes of a delivery: ``tasks/running.py``.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Unpack

from .._core.errors import ConfigurationError
from .._core.receiving.admission import ahandle
from .._core.receiving.answers import Answer
from .._core.receiving.asgi_host import DELIVERY, AsgiHost, Receive, Scope, Send, reply
from .._core.receiving.guard import GuardOptions
from .._core.receiving.guards import Guards
from .._core.receiving.options import Wanted
from .mount import Mount
from .origin import origin
from .running import Arrived, arun
from .serving import answer_of, last_part, refuse_injected, take

Then = Callable[[Arrived, Scope, Receive, Send], Awaitable[None]]


class TaskEndpoint:
    """Verifies whatever comes, decodes it for the task of this name, and lets that answer."""

    def __init__(self, mount: Mount, guards: Guards, name: Callable[[Scope], str], then: Then) -> None:
        self.qstash_guard: Guards = guards
        self._mount = mount
        self._name = name
        self._then = then

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running: Awaitable[object]
        if scope["type"] == "websocket":
            running = send({"type": "websocket.close", "code": 1008})
        else:
            running = ahandle(self.qstash_guard.of(scope), AsgiHost(scope, receive, send, self._run))
        del scope, receive, send  # error trackers print the locals of raising frames
        await running

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = take(self._mount, self._name(scope), scope["method"], scope["state"][DELIVERY])
        running: Awaitable[None]
        if isinstance(arrived, Answer):
            running = reply(arrived, scope["method"], send)
        else:
            running = self._then(arrived, scope, receive, send)
        del scope, receive, send, arrived
        await running


async def answer(arrived: Arrived, scope: Scope, receive: Receive, send: Send) -> None:
    """Run it here."""
    method = scope["method"]
    del scope, receive
    await reply(answer_of(await arun(arrived, origin().apublish)), method, send)


class TasksApp:
    """Serves tasks and nothing else, each below wherever this is mounted: the last part of the path is its name.

    ``app.mount("/qstash/tasks", TasksApp("shop.tasks"))``, or by itself as the app of a worker. Always verified;
    ``options`` are those of ``QStashMiddleware``, with ``once=`` for all tasks. With wrong settings it does not start:
    ``lifespan.startup.failed``, or ConfigurationError at every request where it is not told of the start.
    """

    def __init__(
        self, tasks: object, *, around: Callable[..., Any] | None = None, **options: Unpack[GuardOptions]
    ) -> None:
        wanted = Wanted.taken_from(options)
        wanted.options["of_tasks"] = True
        mount = Mount.of(tasks, around=around)
        refuse_injected(mount, "TasksApp")
        self.tasks: object = tasks
        """As they were given."""
        self.task_names: Collection[str] = mount.tasks.keys()
        self.qstash_guard: Guards = Guards(wanted)
        self._endpoint = TaskEndpoint(mount, self.qstash_guard, lambda scope: last_part(scope["path"]), answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = self._live(receive, send) if scope["type"] == "lifespan" else self._endpoint(scope, receive, send)
        del scope, receive, send
        await running

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.qstash_guard.of({})()
        except ConfigurationError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
