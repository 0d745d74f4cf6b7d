"""What the doctor sees of an aiohttp app, by what it shows of itself."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from .._core.environment import Reader
from .._core.publishing.client import QStash
from .._core.receiving.guards import Guards
from .._core.receiving.options import Options, load_given
from .._core.receiving.order import is_open
from .facts import App, Route
from .place import Place, shown_options

_NO_PROBE = "call add_probe(app), of qstash_integrations.aiohttp"


def place(app: Any) -> Place:
    routes = list(_routes(app))
    guards = list(_guards(_holders(app)))
    given = guards[0].wanted.given if guards else ()
    version: str = getattr(sys.modules.get("aiohttp"), "__version__", "")
    return Place(
        app=App(
            framework="aiohttp",
            version=version,
            routes=routes,
            probe_path=next((route.path for route in routes if route.probe), None),
            mount_hint=_NO_PROBE,
        ),
        load=lambda: load_given(*given),
        reader=lambda: Reader({}, given),
        client=lambda: QStash.from_settings(lambda: load_given(*given)),
        has_receiver=any("receiver" in one.wanted.options for one in guards),
    )


def _routes(app: Any, around: tuple[Guards, ...] = ()) -> Iterator[Route]:
    around = (*around, *_guards(app.middlewares))
    for resource in app.router.resources():
        inner = getattr(resource, "_app", None)
        if inner is not None:
            yield from _routes(inner, around)
            continue
        for route in resource:
            guards = [*_guards((route.handler,)), *around]
            options = guards[0].wanted.options if guards else Options()
            yield Route(
                path=resource.canonical,
                methods=[] if route.method == "*" else [route.method],
                name=getattr(route.handler, "__name__", ""),
                verified=bool(guards),
                probe=options.get("of_probe", False),
                verifies_url=options.get("verify_url", True),
                decorated_above=is_open(route.handler),
                options=shown_options(options),
            )


def _holders(app: Any) -> list[Any]:
    return [*(route.handler for route in app.router.routes()), *app.middlewares]


def _guards(holders: Iterable[object]) -> Iterator[Guards]:
    for holder in holders:
        guards = getattr(holder, "qstash_guard", None)
        if isinstance(guards, Guards):
            yield guards
