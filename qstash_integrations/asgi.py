"""Verification in front of any ASGI app, with no framework in between.

``app.add_middleware(QStashMiddleware)`` in Starlette and FastAPI, ``QStashMiddleware(app)`` around anything else. How a
request becomes a delivery: ``_core/receiving/admission.py``.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Awaitable, Sequence
from typing import Unpack

from ._core.errors import ConfigurationError
from ._core.receiving.admission import ahandle
from ._core.receiving.asgi_host import ASGIApp, AsgiHost, Receive, Scope, Send, alone
from ._core.receiving.asgi_probe import Probe
from ._core.receiving.guard import GuardOptions
from ._core.receiving.guards import Guards, apps_behind
from ._core.receiving.options import Wanted
from ._core.receiving.paths import Protected
from ._core.receiving.probe import PROBE_PATH, is_probe, probe_path_of

__all__ = ["QStashMiddleware"]


class QStashMiddleware:
    """Lets only requests through that QStash signed; the app finds them at ``request.state.qstash_delivery``.

    Protects everything: put it around a sub-app, or into ``Mount(..., middleware=[...])``, and the router decides what
    that is. ``exclude`` lists exact paths that stay open, each as the client sends it and the server hands it over;
    behind a server's root path also as it is without. ``prefix="/hooks"`` protects what some router could take for that
    path or one below, and so ``/api/hooks``, ``/HOOKS`` and ``/webhooks`` as well: a mount may take off what stands
    before. WebSockets in the protected part are closed with 1008. A path that could match nothing is a
    ConfigurationError. With wrong settings the app does not start: ``lifespan.startup.failed``, or ConfigurationError
    at every request where the server has no lifespan.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        prefix: str = "/",
        exclude: Sequence[str] = (),
        probe_path: str | None = PROBE_PATH,
        **options: Unpack[GuardOptions],
    ) -> None:
        self._app = app
        self._behind = tuple(apps_behind(app))
        self.protected: Protected = Protected(prefix, exclude)
        # A verified route that does nothing, for the doctor; None for none.
        self.probe_path: str | None = probe_path_of(probe_path)
        wanted = Wanted.taken_from(options)
        self.qstash_guard: Guards = Guards(wanted)
        self._probe = Probe("asgi", wanted, self._behind)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        running: Awaitable[object]
        match scope["type"]:
            case "lifespan":
                running = self._lifespan(scope, receive, send)
            case "http" if self._is_probe(scope):
                running = self._probe(scope, receive, send)
            case "http" | "websocket" if not self.protected.covers(scope):
                running = alone(self._app, scope, receive, send)
            case "http":
                running = ahandle(self.qstash_guard.of(scope, self._behind), AsgiHost(scope, receive, send, self._app))
            case "websocket":
                running = send({"type": "websocket.close", "code": 1008})
            case other:
                del scope
                raise RuntimeError(f"QStashMiddleware cannot check a connection of type {other!r}, so it refuses it")
        del scope, receive, send
        await running

    def _is_probe(self, scope: Scope) -> bool:
        base, path = self.probe_path, scope["path"]
        if base is None or base not in path or scope["method"] != "POST":
            return False
        return is_probe(path.removeprefix((scope.get("root_path") or "").rstrip("/")), base)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self.qstash_guard.of(scope, self._behind)()
        except ConfigurationError as error:
            await receive()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            # As Starlette does: its TestClient would take a quiet end for a start.
            raise
        await self._app(scope, receive, send)
