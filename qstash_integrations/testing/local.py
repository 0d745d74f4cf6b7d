"""``LocalQStash``: the local server's engine in the test's own process, on a clock that the test moves."""

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from types import TracebackType
from typing import Any, NamedTuple, Self, Unpack, cast

from .._core.durations import Duration
from .._core.publishing.client import APIRequest, APIResponse, override_transport
from .._core.receiving.receiver import wall_clock
from ..server.engine import Engine
from ..server.model import Filter, Keys
from ..server.tables import Store
from .clock import Clock, Span, instant, span
from .driving import MOST, Driver, Expire, Fail, Faults, Steps, Twice
from .hosting import EventLoop, Places, app_of, app_of_django, host_of
from .in_process import AppResponse, InProcessApi
from .outbox import Outbox
from .seen import Attempt, DeadLetter, check, dead_letter
from .settings import credentials, for_tests, has_django, origins

# None is what a fixture returns that has forgotten to.
_THE_PROJECT: Any = object()


class _Parts(NamedTuple):
    """What there is inside of the ``with`` block."""

    engine: Engine
    places: Places
    driver: Driver
    api: InProcessApi


class LocalQStash:
    """In its ``with`` block, what the app publishes comes back to it as from QStash: signed, retried, on schedule.

    ``app`` is an ASGI, WSGI or aiohttp app, or an entered test client of one, whose event loop and lifespan state are
    then used; a Django project is found by itself. Publishers of this process, those made before too, publish here;
    the API is the local server's own. ``public_url`` is where the app is called, unless it is given what the project
    says, and https://testserver where nothing does; what the terminal has exported does not count. The keys are random
    unless they are given, for an app that has a ``receiver=`` of its own.

    Time stands still but for ``advance`` and ``run_until_idle``. It decides what is due; signatures carry the time of
    ``wall_clock``, which is what the app's receiver goes by. In async tests use the methods that start with an a.
    """

    strict: bool
    """Whether a message that no app serves, or that is refused, is an error; else it counts as a failed attempt."""
    raise_errors: bool
    """Whether what a handler raises is raised by the method that delivers; QStash is told 500 in either case."""

    def __init__(
        self,
        app: Any = _THE_PROJECT,
        *,
        public_url: str | None = None,
        now: datetime | float | None = None,
        raise_errors: bool = False,
        strict: bool = True,
        current_signing_key: str | None = None,
        next_signing_key: str | None = None,
        wall_clock: Callable[[], float] = wall_clock,
    ) -> None:
        if app is _THE_PROJECT:
            if not has_django():
                raise TypeError("LocalQStash takes your app, as in LocalQStash(app); only a Django project needs none")
            app = app_of_django()
        host_of(app)  # what is no app is reported where it is written
        self._app = app
        self._wall_clock = wall_clock
        given = {
            "QSTASH_PUBLIC_URL": public_url,
            "QSTASH_CURRENT_SIGNING_KEY": current_signing_key,
            "QSTASH_NEXT_SIGNING_KEY": next_signing_key,
        }
        self._settings = {**credentials(), **{name: value for name, value in given.items() if value is not None}}
        self.raise_errors = raise_errors
        self.strict = strict
        self.clock: Clock = Clock(wall_clock() if now is None else instant(now, "now"))
        """The moved clock, for whoever takes a function that returns Unix seconds."""
        self.outbox: Outbox = Outbox()
        """What was published, as far as it was accepted."""
        self.attempts: list[Attempt] = []
        """All that were made so far."""
        self._faults = Faults()
        self._lock = threading.RLock()
        self._loop = EventLoop()
        self._parts: _Parts | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            app, settings = app_of(self._app), self._settings
            stack.enter_context(for_tests(app, **settings))
            stack.callback(self._loop.close)
            store = Store.open(None)
            stack.callback(store.close)
            keys = Keys(current=settings["QSTASH_CURRENT_SIGNING_KEY"], next=settings["QSTASH_NEXT_SIGNING_KEY"])
            engine = Engine(store, clock=self.clock, wall_clock=self._wall_clock, keys=keys)
            places = Places(self._app, *origins(app))
            driver = Driver(
                engine,
                store,
                clock=self.clock,
                wall_clock=self._wall_clock,
                find=places.find,
                faults=self._faults,
                attempts=self.attempts,
                check=self._check,
                lock=self._lock,
            )
            api = InProcessApi(engine, settings["QSTASH_TOKEN"], self._lock)
            self._parts = _Parts(engine, places, driver, api)
            stack.enter_context(override_transport(self._publish))
            stack.enter_context(self.outbox.watching())
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """AssertionError when a fault was asked for and nothing was delivered that could have had it."""
        self._exit.close()
        self._parts = None
        if error is None and (unused := self._faults.unused()):
            raise AssertionError(f"nothing was delivered after {', '.join(unused)}: this test does not test it")

    def deliver_due(self, *, limit: int = MOST) -> list[Attempt]:
        """Deliver what is due by now, and what becomes due by that; the attempts that were made.

        NotServed and Refused where the app did not get a message; what a handler raised with ``raise_errors``.
        RuntimeError when there is more to do after ``limit`` attempts.
        """
        return self._run(self._inside.driver.due(limit))

    async def adeliver_due(self, *, limit: int = MOST) -> list[Attempt]:
        """``deliver_due`` for ``async`` tests."""
        return await self._arun(self._inside.driver.due(limit))

    def advance(
        self, by: Duration | None = None, *, until: datetime | float | None = None, **parts: Unpack[Span]
    ) -> list[Attempt]:
        """Let time go by, ``advance(hours=7)``, ``advance("1h30m")`` or ``advance(until=...)``: what comes due on the
        way is delivered at its own moment, schedules included. The attempts that were made."""
        return self._run(self._inside.driver.until(self._end(by, until, parts)))

    async def aadvance(
        self, by: Duration | None = None, *, until: datetime | float | None = None, **parts: Unpack[Span]
    ) -> list[Attempt]:
        """``advance`` for ``async`` tests."""
        return await self._arun(self._inside.driver.until(self._end(by, until, parts)))

    def run_until_idle(self, *, limit: int = MOST) -> list[Attempt]:
        """Let as much time go by as all messages, their retries, and waits of workflow runs need; the attempts made.

        Schedules fire on the way, but are not waited for. RuntimeError when there is more to do after ``limit``
        attempts.
        """
        return self._run(self._inside.driver.until_idle(limit))

    async def arun_until_idle(self, *, limit: int = MOST) -> list[Attempt]:
        """``run_until_idle`` for ``async`` tests."""
        return await self._arun(self._inside.driver.until_idle(limit))

    def fail_next(
        self, status: int = 503, *, headers: Mapping[str, str] | None = None, body: bytes = b"", times: int = 1
    ) -> None:
        """Answer the next delivery instead of the app, which does not get it; 0 is no answer at all.

        ``times`` deliveries in a row. ValueError for what is no status. The ``with`` block ends with an AssertionError
        where fewer were made.
        """
        if status and not 100 <= status <= 599:
            raise ValueError(f"status must be an HTTP status, or 0 for no answer, not {status!r}")
        answer = AppResponse(status=status, headers=tuple((headers or {}).items()), body=body)
        self._faults.add(Fail(answer), times)

    def deliver_twice(self, *, times: int = 1) -> None:
        """Deliver the next message twice, as QStash does when the answer gets lost; ``times`` messages in a row."""
        self._faults.add(Twice(), times)

    def expire_next(self, *, times: int = 1) -> None:
        """Make the next delivery arrive when its signature has expired; ``times`` of them in a row."""
        self._faults.add(Expire(), times)

    def reorder(self) -> None:
        """Deliver the messages that are due together last one first, once; QStash promises no order without a queue."""
        self._faults.reorder = True

    def mount(self, base: str, app: Any) -> None:
        """Let another app serve what is published to URLs that start with ``base``, such as https://api.example.com."""
        self._inside.places.mount(base, app)

    @property
    def now(self) -> datetime:
        """Aware, and by the clock that the test moves; ``advance`` and ``run_until_idle`` do."""
        return self.clock.now

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """What was given up, the oldest first, as far as it was neither retried nor deleted."""
        found: list[DeadLetter] = []
        cursor: str | None = None
        while True:
            with self._lock:
                page = self._inside.engine.dead_letters.page(Filter(), cursor=cursor, count=1000)
            found += map(dead_letter, page.items)
            cursor = page.cursor
            if cursor is None:
                return found

    @property
    def _inside(self) -> "_Parts":
        if self._parts is None:
            raise RuntimeError("LocalQStash works inside of its with block only")
        return self._parts

    def _publish(self, request: APIRequest) -> APIResponse:
        response = self._inside.api(request)
        if 200 <= response.status < 300:
            self.outbox.record(request)
        return response

    def _check(self, attempts: Sequence[Attempt]) -> None:
        check(attempts, strict=self.strict, raise_errors=self.raise_errors, served_at=self._inside.places.described())

    def _end(self, by: Duration | None, until: datetime | float | None, parts: Span) -> float:
        if until is None:
            return self.clock() + span(by, **parts)
        if by is not None or parts:
            raise TypeError("advance takes a span of time or until=, not both")
        return instant(until, "until")

    def _run(self, steps: Steps) -> list[Attempt]:
        if _in_async_code():
            raise RuntimeError("an event loop is running: use the method that starts with an a, and await it")
        with closing(steps):
            answer: Any = None
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as done:
                    return cast("list[Attempt]", done.value)
                answer = step.host.deliver(step.request, self._loop.run)

    async def _arun(self, steps: Steps) -> list[Attempt]:
        with closing(steps):
            answer: Any = None
            while True:
                try:
                    step = steps.send(answer)
                except StopIteration as done:
                    return cast("list[Attempt]", done.value)
                answer = await step.host.adeliver(step.request)


def _in_async_code() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
