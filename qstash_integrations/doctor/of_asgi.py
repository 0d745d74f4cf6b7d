"""What the doctor sees of middleware around an app that shows no routes."""

from typing import Any

from .._core.environment import Reader
from .._core.publishing.client import QStash
from .._core.receiving.guards import Guards
from .._core.receiving.options import load_given
from .facts import App, Route
from .place import Place, shown_options


def place(middleware: Any) -> Place:
    """Of a ``QStashMiddleware``."""
    guards: Guards = middleware.qstash_guard
    path: str | None = middleware.probe_path
    given, options = guards.wanted.given, guards.wanted.options
    probe = () if path is None else (Route(path=path, methods=["POST"], verified=True, probe=True),)
    whole = Route(
        path="/",
        name="QStashMiddleware",
        verified=True,
        verifies_url=options.get("verify_url", True),
        options=shown_options(options),
    )
    return Place(
        app=App(framework="asgi", routes=(whole, *probe), probe_path=path, mount_hint="leave probe_path=None out"),
        load=lambda: load_given(*given),
        reader=lambda: Reader({}, given),
        client=lambda: QStash.from_settings(lambda: load_given(*given)),
        has_receiver="receiver" in options,
    )
