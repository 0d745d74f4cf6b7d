"""The tasks of a FastAPI app: each a path operation, whose parameters are its dependencies alone.

The arguments are decoded ahead of it: a body that does not fit opens no dependency, and is never answered 422.

Spec: https://fastapi.tiangolo.com/tutorial/dependencies/
"""

import inspect
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import partial
from typing import Annotated, Any, get_args, get_origin

from fastapi import FastAPI
from fastapi.params import Depends
from fastapi.routing import APIRoute
from starlette.background import BackgroundTasks
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from .._core.app_options import TasksGiven
from .._core.errors import ConfigurationError
from .._core.receiving.asgi_host import has_exit_code
from .._core.receiving.delivery import hide
from .._core.receiving.guards import Guards
from ..starlette.origin import route_name
from ..starlette.tasks import Rest, Served
from ..tasks import Injected, Task
from ..tasks.asgi import TaskEndpoint
from ..tasks.current import CURRENT
from ..tasks.origin import origin
from ..tasks.running import Arrived, arun
from ..tasks.wire import CallMessage

_RUNNING: ContextVar["_Running"] = ContextVar("qstash_running")


class TaskRoute(APIRoute):
    """A path operation that nothing gets to but the calls of its task; so is every copy, as other routers make them."""

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        self.qstash_task: TaskEndpoint = endpoint.qstash_endpoint(self.operate)

    @property
    def qstash_guard(self) -> Guards:
        """Looked at when the app starts."""
        return self.qstash_task.qstash_guard

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # It stands ahead of all that the app is for: other requests pay little for it.
        return super().matches(scope) if scope["path"].endswith(self.path) else (Match.NONE, {})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        running = self.qstash_task(scope, receive, send)
        del scope, receive, send  # error trackers print the locals of raising frames
        await running

    async def operate(self, arrived: Arrived, scope: Scope, receive: Receive, send: Send) -> None:
        """The path operation itself: its dependencies, the task, their exit code, and what runs in the background."""
        call = _Running(arrived, scope, send)
        tokens = _RUNNING.set(call), CURRENT.set(arrived.call)
        running = super().handle(scope, receive, call.send)
        del arrived, scope, receive, send
        try:
            await running
            await call.finish()
        finally:
            for token in tokens:
                hide(token)


class _Running:
    """One call. What follows on it is published once nothing can roll its work back, and then it is answered."""

    __slots__ = ("_following", "_held", "_scope", "_send", "arrived")

    def __init__(self, arrived: Arrived, scope: Scope, send: Send) -> None:
        self.arrived = arrived
        self._scope = scope
        self._send = send
        self._following: list[CallMessage] = []
        self._held: list[Message] = []

    async def follow(self, messages: list[CallMessage]) -> None:
        self._following = messages

    async def send(self, message: Message) -> None:
        waits = self._held or (self._following and has_exit_code(self._scope))
        self._held.append(message)
        del message  # error trackers print the locals of frames
        if not waits:
            await self.finish()

    async def finish(self) -> None:
        await self._publish()
        while self._held:
            await self._send(self._held.pop(0))

    async def _publish(self) -> None:
        if self._following:
            publishing = origin().apublish(self._following)
            self._following = []
            await publishing


def routes_of(app: FastAPI, given: TasksGiven) -> list[BaseRoute]:
    """ConfigurationError for a parameter that is neither an argument nor a dependency."""
    served = Served(app, given)
    return [*(_route(app, served, name, task) for name, task in served.mount.tasks.items()), Rest(served)]


def _route(app: FastAPI, served: Served, name: str, task: Task[..., Any]) -> TaskRoute:
    app.router.add_api_route(
        served.path(name),
        _operation(task, partial(served.endpoint, name)),
        methods=["POST"],
        name=route_name(name),
        route_class_override=TaskRoute,
        # That of the app may be made for its own routes, of their tags for one.
        generate_unique_id_function=lambda route: route.name,
        response_model=None,
        include_in_schema=False,
    )
    route = app.router.routes.pop()
    assert isinstance(route, TaskRoute)
    return route


def _operation(
    task: Task[..., Any], endpoint: Callable[..., TaskEndpoint]
) -> Callable[..., Coroutine[Any, Any, Response]]:
    """What FastAPI calls, with what the task's dependencies have given."""

    async def operation(**injected: Any) -> Response:
        call = _RUNNING.get()
        result = await arun(call.arrived, call.follow, injected)
        return Response(result, media_type="application/json")

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(operation, name, getattr(task, name))
    operation.qstash_endpoint = endpoint  # type: ignore[attr-defined]
    operation.__signature__ = inspect.Signature(_dependencies(task))  # type: ignore[attr-defined]
    return operation


def _dependencies(task: Task[..., Any]) -> list[inspect.Parameter]:
    """As FastAPI is to see them: by name, and what stands for none has no default."""
    known = task.arguments.parameters
    found: list[inspect.Parameter] = []
    for name, parameter in known.signature.parameters.items():
        if name in known.injected:
            annotation = known.annotation(name)
            _check(task, parameter, annotation)
            default = parameter.empty if parameter.default is Injected else parameter.default
            found.append(parameter.replace(kind=parameter.KEYWORD_ONLY, annotation=annotation, default=default))
    return found


def _check(task: Task[..., Any], parameter: inspect.Parameter, annotation: Any) -> None:
    kind, *said = get_args(annotation) if get_origin(annotation) is Annotated else [annotation]
    if any(isinstance(one, Depends) for one in (*said, parameter.default)):
        return
    if inspect.isclass(kind) and issubclass(kind, BackgroundTasks):
        return
    if inspect.isclass(kind) and issubclass(kind, HTTPConnection):
        raise ConfigurationError(
            f"{task.name}: {parameter.name} is a {kind.__name__}, and a task has none; what was delivered is found by "
            "current_delivery(), and what is made of a request by a dependency"
        )
    raise ConfigurationError(
        f"{task.name}: {parameter.name} is injected, but by nothing that FastAPI knows; write "
        f"{parameter.name}: Annotated[..., Depends(...)] = Injected"
    )
