"""The app under test as something that takes deliveries, from plain code and from async code.

Spec: https://www.starlette.io/testclient/
"""

import inspect
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import anyio.to_thread

from .in_process import Answer, Call, call_wsgi, exchange
from .reporting import reported, with_error
from .settings import is_of

Run = Callable[[Coroutine[Any, Any, Answer]], Answer]


class Host(Protocol):
    """An app, whatever its interface."""

    def deliver(self, call: Call, run: Run) -> Answer:
        """From plain code; ``run`` runs a coroutine to its end in the test's own event loop."""
        ...

    async def adeliver(self, call: Call) -> Answer:
        """From async code, in the event loop that is running."""
        ...


def host_of(app: Any) -> Host:
    """For an ASGI or WSGI app, or Starlette's or FastAPI's ``TestClient`` of one. TypeError for anything else."""
    if _is_test_client(app):
        return _AsgiHost(app.app, app)
    if not callable(app) or inspect.isclass(app):
        raise TypeError(f"qstash_app must be an ASGI or WSGI app, not {_kind(app)}")
    if is_of(app, "flask"):
        return _WsgiHost(app)
    match len(_positional(app)):
        case 3:
            return _AsgiHost(app)
        case 2:
            return _WsgiHost(app)
        case _:
            raise TypeError(
                f"qstash_app must take (scope, receive, send) or (environ, start_response), which {_kind(app)} does "
                "not; wrap it in a function that does"
            )


def app_of(app: Any) -> Any:
    """The app itself, also where a test client of it was given."""
    return app.app if _is_test_client(app) else app


class _AsgiHost:
    def __init__(self, app: Any, client: Any = None) -> None:
        self._app = app
        self._client = client
        self._is_django = is_of(app, "django")

    def deliver(self, call: Call, run: Run) -> Answer:
        portal = None if self._client is None else self._client.portal
        with reported() as errors:
            if portal is not None:
                # Where the client has started the app: in its event loop, with what its lifespan has made.
                return with_error(errors, portal.call(self._exchange, call))
            if self._is_django:
                from asgiref.sync import async_to_sync

                # Plain views then run in this thread, and see what the test has put into the database.
                return with_error(errors, async_to_sync(self._exchange)(call))
            return with_error(errors, run(self._exchange(call)))

    async def adeliver(self, call: Call) -> Answer:
        with reported() as errors:
            return with_error(errors, await self._exchange(call))

    async def _exchange(self, call: Call) -> Answer:
        state: dict[str, Any] = {} if self._client is None else self._client.app_state
        # Django cancels what it is still doing when the client leaves, closing of files included.
        return await exchange(self._app, call, state=state, client_stays=self._is_django)


class _WsgiHost:
    def __init__(self, app: Any) -> None:
        self._app = app

    def deliver(self, call: Call, run: Run) -> Answer:
        with reported() as errors:
            return with_error(errors, call_wsgi(self._app, call))

    async def adeliver(self, call: Call) -> Answer:
        with reported() as errors:
            if is_of(self._app, "django"):
                from asgiref.sync import sync_to_async

                # In the thread that Django's own async code uses for the database.
                return with_error(errors, await sync_to_async(call_wsgi)(self._app, call))
            return with_error(errors, await anyio.to_thread.run_sync(call_wsgi, self._app, call))


def _is_test_client(app: object) -> bool:
    return any(kind.__module__ == "starlette.testclient" for kind in type(app).__mro__)


def _positional(app: Any) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(app).parameters.values()
    return [one for one in parameters if one.kind in kinds and one.default is one.empty]


def _kind(app: object) -> str:
    return f"the class {app.__name__}" if isinstance(app, type) else f"a {type(app).__name__}"
