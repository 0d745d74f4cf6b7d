"""What the doctor sees of an aiohttp app, by what it shows of itself."""

import sys
from collections.abc import Iterator
from typing import Any

from .._core.publishing.client import QStash
from .._core.receiving.guards import Guards
from .._core.receiving.options import Wanted, load_given
from .._core.settings.environment import Reader
from ..routes.aiohttp import routes_of
from .facts import AppFacts
from .place import Place

_NO_PROBE = "call add_probe(app), of qstash_integrations.aiohttp"


def place(app: Any) -> Place:
    probe = next(_probes(app), None)
    path, wanted = (None, next(_wanted(app), Wanted())) if probe is None else probe
    return Place(
        app=AppFacts(
            framework="aiohttp",
            version=getattr(sys.modules.get("aiohttp"), "__version__", ""),
            routes=routes_of(app),
            probe_path=path,
            probe_any_url=wanted.options.get("verify_url") is False,
            mount_hint=_NO_PROBE,
        ),
        load=lambda: load_given(*wanted.given),
        reader=lambda: Reader({}, wanted.given),
        client=lambda: QStash.from_settings(lambda: load_given(*wanted.given)),
        has_receiver="receiver" in wanted.options,
    )


def _probes(app: Any) -> Iterator[tuple[str, Wanted]]:
    for resource in app.router.resources():
        inner = getattr(resource, "_app", None)
        if inner is not None:
            yield from _probes(inner)
            continue
        for route in resource:
            guards = getattr(route.handler, "qstash_guard", None)
            if isinstance(guards, Guards) and "of_probe" in guards.wanted.options:
                yield resource.canonical, guards.wanted


def _wanted(app: Any) -> Iterator[Wanted]:
    """Of an app without a probe: what its first handler, or a middleware of it, was given."""
    for holder in (*(route.handler for route in app.router.routes()), *app.middlewares):
        guards = getattr(holder, "qstash_guard", None)
        if isinstance(guards, Guards):
            yield guards.wanted
