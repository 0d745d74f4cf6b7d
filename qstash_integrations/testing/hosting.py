"""Apps as something that takes deliveries, from plain code and from async code, and which of them serves a URL.

Spec: https://www.starlette.io/testclient/,
https://docs.djangoproject.com/en/stable/ref/signals/#got-request-exception and
https://flask.palletsprojects.com/en/stable/api/#flask.got_request_exception
"""

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import anyio.to_thread

from .._core.public_urls import public_urls, rest_of
from .._core.receiving.urls import TrustedHosts
from ..server.worker.target import Target
from .in_process import AppRequest, AppResponse, call_asgi, call_wsgi
from .settings import is_of

Run = Callable[[Coroutine[Any, Any, AppResponse]], AppResponse]


class Host(Protocol):
    """An app, whatever its interface."""

    def deliver(self, request: AppRequest, run: Run) -> AppResponse:
        """From plain code; ``run`` runs a coroutine to its end in the test's own event loop."""
        ...

    async def adeliver(self, request: AppRequest) -> AppResponse:
        """From async code, in the event loop that is running."""
        ...


def host_of(app: Any) -> Host:
    """For an ASGI or WSGI app, aiohttp's, or a framework's test client of one. TypeError for anything else."""
    if _is_test_client(app):
        return _AsgiHost(app.app, app)
    if _is_of_aiohttp(app):
        from .aiohttp_host import AiohttpHost

        return AiohttpHost(app)
    app = app_of(app)
    if not callable(app) or inspect.isclass(app):
        raise TypeError(f"qstash_app must be an ASGI, WSGI or aiohttp app, not {_kind(app)}")
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
    if _is_test_client(app):
        return app.app
    if _is_of_aiohttp(app):
        from .aiohttp_host import application_of

        return application_of(app)
    return app.application if _is_of(app, "werkzeug.test", "Client") else app


def app_of_django() -> Any:
    """The Django project of this process, as it is served."""
    from django.core.handlers.wsgi import WSGIHandler

    return WSGIHandler()


class Place(NamedTuple):
    host: Host
    target: str
    """Path and query as the app sees them: a path prefix of its public URL is a proxy's affair."""


class Places:
    """The app under test at its public URLs; where it has none, at every URL of the hosts that it trusts."""

    def __init__(self, app: Any, bases: tuple[str, ...], hosts: TrustedHosts | None) -> None:
        self._app = host_of(app)
        self._by_base: dict[str, Host] = dict.fromkeys(bases, self._app)
        self._hosts = hosts or TrustedHosts(frozenset())

    def mount(self, base: str, app: Any) -> None:
        for checked in public_urls(base, "base"):
            self._by_base[checked] = host_of(app)

    def find(self, url: str) -> Place | None:
        for base in sorted(self._by_base, key=len, reverse=True):
            rest = rest_of(url, base)
            if rest is not None:
                return Place(self._by_base[base], rest if rest.startswith("/") else f"/{rest}")
        target = Target.of(url)
        if target.host.lower() not in self._hosts.hosts or not target.path.startswith(self._hosts.mount + "/"):
            return None
        return Place(self._app, target.path.removeprefix(self._hosts.mount))

    def described(self) -> str:
        return ", ".join((*self._by_base, *sorted(self._hosts.hosts)))


class EventLoop:
    """An event loop that exists between deliveries too, so that what an app keeps in it stays usable."""

    def __init__(self) -> None:
        self._runner: asyncio.Runner | None = None

    def run(self, coroutine: Coroutine[Any, Any, AppResponse]) -> AppResponse:
        if self._runner is None:
            # With a factory of its own it leaves the thread's current event loop alone.
            self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        return self._runner.run(coroutine)

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None


class _AsgiHost:
    def __init__(self, app: Any, client: Any = None) -> None:
        self._app = app
        self._client = client
        self._is_django = is_of(app, "django")

    def deliver(self, request: AppRequest, run: Run) -> AppResponse:
        portal = None if self._client is None else self._client.portal
        with _reported() as errors:
            if portal is not None:
                # Where the client has started the app: in its event loop, with what its lifespan has made.
                return _with_error(errors, portal.call(self._exchange, request))
            if self._is_django:
                from asgiref.sync import async_to_sync

                # Plain views then run in this thread, and see what the test has put into the database.
                return _with_error(errors, async_to_sync(self._exchange)(request))
            return _with_error(errors, run(self._exchange(request)))

    async def adeliver(self, request: AppRequest) -> AppResponse:
        with _reported() as errors:
            return _with_error(errors, await self._exchange(request))

    async def _exchange(self, request: AppRequest) -> AppResponse:
        state: dict[str, Any] = {} if self._client is None else self._client.app_state
        # Django cancels what it is still doing when the client leaves, closing of files included.
        return await call_asgi(self._app, request, state=state, client_stays=self._is_django)


class _WsgiHost:
    def __init__(self, app: Any) -> None:
        self._app = app

    def deliver(self, request: AppRequest, run: Run) -> AppResponse:
        with _reported() as errors:
            return _with_error(errors, call_wsgi(self._app, request))

    async def adeliver(self, request: AppRequest) -> AppResponse:
        with _reported() as errors:
            if is_of(self._app, "django"):
                from asgiref.sync import sync_to_async

                # In the thread that Django's own async code uses for the database.
                return _with_error(errors, await sync_to_async(call_wsgi)(self._app, request))
            return _with_error(errors, await anyio.to_thread.run_sync(call_wsgi, self._app, request))


def _is_test_client(app: object) -> bool:
    return _is_of(app, "starlette.testclient", "TestClient")


def _is_of_aiohttp(app: object) -> bool:
    """Its apps are called by its own server only."""
    served = (("web_app", "Application"), ("test_utils", "TestClient"), ("test_utils", "BaseTestServer"))
    return any(_is_of(app, f"aiohttp.{module}", name) for module, name in served)


def _is_of(app: object, module: str, name: str) -> bool:
    """Whether an object is of a class; does not import it."""
    return any((kind.__module__, kind.__name__) == (module, name) for kind in type(app).__mro__)


def _positional(app: Any) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(app).parameters.values()
    return [one for one in parameters if one.kind in kinds and one.default is one.empty]


def _kind(app: object) -> str:
    return f"the class {app.__name__}" if isinstance(app, type) else f"a {type(app).__name__}"


@contextmanager
def _reported() -> Generator[list[Exception]]:
    """What handlers raise meanwhile, as far as Flask and Django tell of it."""
    errors: list[Exception] = []

    def of_flask(sender: object, *, exception: Exception, **_: object) -> None:
        errors.append(exception)

    def of_django(**_: object) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, Exception):
            errors.append(error)

    with ExitStack() as stack:
        if sys.modules.get("flask"):
            from flask import got_request_exception

            stack.enter_context(got_request_exception.connected_to(of_flask))
        if sys.modules.get("django"):
            from django.core.signals import got_request_exception as signal

            signal.connect(of_django)
            stack.callback(signal.disconnect, of_django)
        yield errors


def _with_error(errors: list[Exception], answer: AppResponse) -> AppResponse:
    return answer if answer.error or not errors else replace(answer, error=errors[0])
