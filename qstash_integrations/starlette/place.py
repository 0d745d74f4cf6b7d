"""What the doctor sees of a Starlette or FastAPI app."""

import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Mount

from .._core.publishing.client import QStash
from .._core.receiving.guards import AppValues, values_of_app
from .._core.receiving.options import Wanted
from .._core.settings.environment import Reader
from ..doctor.facts import AppFacts
from ..doctor.place import Place
from .listing import routes_of
from .mounts import apps_below, note_outer
from .probe import ProbeRoute

_NO_PROBE = "call QStash(app), without probe_path=None"


def place(app: Starlette, outermost: object) -> Place:
    """Of the app, with what it mounts, and with the middleware around it; the values are those of the first of the apps
    that was given some.
    """
    apps = [app, *(one for one in apps_below(app) if isinstance(one, Starlette))]
    for inner in apps[1:]:
        note_outer(inner, app.router)
    values = next((found for one in apps if (found := values_of_app(one))), None) or AppValues(Wanted())
    fastapi: Any = getattr(sys.modules.get("fastapi"), "FastAPI", None)
    framework = "fastapi" if fastapi and isinstance(app, fastapi) else "starlette"
    shown = AppFacts(
        framework=framework,
        version=version(framework),
        routes=routes_of(outermost),
        probe_path=next(_probes(app.routes), None),
        probe_any_url=values.wanted.options.get("verify_url") is False,
        mount_hint=_NO_PROBE,
    )
    publisher = next((one.state.qstash for one in apps if hasattr(one.state, "qstash")), None)
    return Place(
        app=shown,
        load=values.load,
        reader=lambda: Reader({}, values.wanted.given),
        client=lambda: QStash.from_settings(values.load) if publisher is None else publisher.sync,
        has_receiver="receiver" in values.wanted.options,
    )


def _probes(routes: Iterable[Any]) -> Iterator[str]:
    for route in routes:
        if isinstance(route, ProbeRoute):
            yield route.path
        elif isinstance(route, Mount):
            for path in _probes(route.routes):
                yield route.path + path
