"""Which app is running here: ``QStash(app)`` notes it for each request, and for the lifespan.

Spec: https://www.starlette.io/middleware/#pure-asgi-middleware
"""

from contextvars import ContextVar
from typing import Any

from .._core.receiving.asgi_host import ASGIApp, Receive, Scope, Send, alone
from .._core.receiving.delivery import hide
from .._core.receiving.guards import VALUES, values_of_app
from .mounts import note_outer

# Of the apps that the request came through, innermost first.
_PUBLISHERS: ContextVar[tuple[Any, ...]] = ContextVar("qstash_publishers", default=())


class WithPublisher:
    """Middleware for an app that has a publisher. What a handler calls in process is a request of its own."""

    def __init__(self, app: ASGIApp, publisher: Any) -> None:
        self._app = app
        self._publisher = publisher
        self._values = values_of_app(publisher.app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if "router" in scope:
            note_outer(self._publisher.app, scope["router"])
        # In place, as Starlette does: middleware further out reads what the router leaves there.
        scope[VALUES] = self._values
        running = alone(self._app, scope, receive, send)
        del scope, receive, send  # error trackers print the locals of raising frames
        outer = _PUBLISHERS.set((self._publisher, *_PUBLISHERS.get()))
        try:
            await running
        finally:
            hide(outer)


def publisher_here() -> Any:
    """The publisher of the innermost app that has one, among those that this request came through; None without."""
    return next(iter(_PUBLISHERS.get()), None)


def publishers_here() -> tuple[Any, ...]:
    """Those of all apps that this request came through, innermost first."""
    return _PUBLISHERS.get()


class CurrentPublisher:
    """Whatever is asked of it, it asks the publisher of the app that is running."""

    def __getattr__(self, name: str) -> Any:
        # Python and its tools ask any object for such names, wherever they are.
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_publisher(), name)

    def __dir__(self) -> list[str]:
        return dir(publisher_here() or type(self))

    def __repr__(self) -> str:
        return f"<the publisher of the current app: {publisher_here()!r}>"


def _publisher() -> Any:
    publisher = publisher_here()
    if publisher is None:
        raise RuntimeError(
            "no app that has a publisher is running here: call QStash(app) where the app is made; outside of its "
            "requests and its lifespan the publisher is app.state.qstash"
        )
    return publisher
