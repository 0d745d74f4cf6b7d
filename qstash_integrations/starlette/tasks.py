"""The tasks of a Starlette app: a route for each, ahead of all others, and one that refuses what else is below.

Spec: https://www.starlette.io/routing/
"""

from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from .._core.app_options import TasksGiven
from .._core.receiving.guards import Guards
from .._core.receiving.options import Wanted
from ..tasks.asgi import TaskEndpoint, Then, answer
from ..tasks.mount import Mount
from ..tasks.serving import refuse_injected
from .origin import note_served, route_name


class Served:
    """The tasks that an app was given, and where it serves them."""

    def __init__(self, app: Starlette, given: TasksGiven) -> None:
        self.base: str = given.base()
        self.mount: Mount = Mount.of(given.tasks, around=given.around)
        # Of their own no options: what the app's say of URLs opens no task to what is unsigned.
        self.guards: Guards = Guards(Wanted(options={"of_tasks": True}))
        note_served(app, self.mount.tasks)

    def endpoint(self, name: str, then: Then = answer) -> TaskEndpoint:
        return TaskEndpoint(self.mount, self.guards, lambda scope: name, then)

    def path(self, name: str) -> str:
        return f"{self.base}/{name}"


def routes_of(app: Starlette, given: TasksGiven) -> list[BaseRoute]:
    """ConfigurationError for a task with dependencies, which nothing here fills in."""
    served = Served(app, given)
    refuse_injected(served.mount, "Starlette")
    each = [
        TaskRoute(served.path(name), served.endpoint(name), name=route_name(name), include_in_schema=False)
        for name in served.mount.tasks
    ]
    return [*each, Rest(served)]


class TaskRoute(Route):
    """Of one task. It stands ahead of all that the app is for, so other requests pay little for it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(scope) if scope["path"].endswith(self.path) else (Match.NONE, {})


class Rest(Route):
    """Whatever is below their path and no call of a task, with any method and name."""

    def __init__(self, served: Served) -> None:
        self._base = served.base
        endpoint = TaskEndpoint(served.mount, served.guards, self._name, answer)
        super().__init__(served.path("{rest:path}"), endpoint, name=route_name(""), include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self._base not in scope["path"]:
            return Match.NONE, {}
        # By no pattern, whose dots are no newlines.
        if scope["type"] in ("http", "websocket") and f"{get_route_path(scope)}/".startswith(f"{self._base}/"):
            return Match.FULL, {"endpoint": self.endpoint, "path_params": dict(scope.get("path_params", {}))}
        return Match.NONE, {}

    def _name(self, scope: Scope) -> str:
        return get_route_path(scope)[len(self._base) + 1 :]
