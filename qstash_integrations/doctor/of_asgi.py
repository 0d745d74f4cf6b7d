"""What the doctor sees of middleware around an app that shows no routes."""

from typing import Any

from .._core.publishing.client import QStash
from .._core.receiving.guards import Guards
from .._core.receiving.options import load_given
from .._core.settings.environment import Reader
from ..routes import Route
from ..routes.verifying import name_of, verification_by
from .facts import AppFacts
from .place import Place


def routes_of(middleware: Any) -> list[Route]:
    """One, for whatever is behind a ``QStashMiddleware``."""
    verification = verification_by("middleware", middleware)
    return [Route(path="/", handler=name_of(middleware), verification=verification)]


def place(middleware: Any) -> Place:
    """Of a ``QStashMiddleware``."""
    guards: Guards = middleware.qstash_guard
    given, options = guards.wanted.given, guards.wanted.options
    return Place(
        app=AppFacts(
            framework="asgi",
            routes=routes_of(middleware),
            probe_path=middleware.probe_path,
            probe_any_url=options.get("verify_url") is False,
            mount_hint="leave probe_path=None out",
        ),
        load=lambda: load_given(*given),
        reader=lambda: Reader({}, given),
        client=lambda: QStash.from_settings(lambda: load_given(*given)),
        has_receiver="receiver" in options,
    )
