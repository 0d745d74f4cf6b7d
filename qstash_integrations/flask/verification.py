"""How Flask gives a head and a body, takes an answer, and where the delivery goes: ``g.qstash_delivery``.

``body_timeout`` has no effect here: under WSGI the server owns the socket, and its own timeout counts.
"""

from collections.abc import Callable
from contextvars import Token
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

from flask import Flask, Request, Response, after_this_request, has_request_context

from .._core.errors import NonRetryable, RetryAfter
from .._core.receiving.admission import admit, handle
from .._core.receiving.answers import Answer, answer_signal
from .._core.receiving.delivery import OfRequest, hide, show
from .._core.receiving.guard import Guard
from .._core.receiving.head import Head, head_of_environ
from .._core.receiving.once import Claimed, Turn
from .._core.receiving.options import Wanted, guard_from_settings
from .._core.receiving.recording import RecordedWork, Work
from .._core.settings.from_settings import FromSettings
from .body import give_back, read, reads_chunks
from .conf import app_here, before_proxy_fix, config_of, context_here, given_to, globals_here, load, request_here
from .response import end_with_request, may_stream, response, show_in_stream

DELIVERY = "qstash_delivery"
_CLAIMED = "qstash_integrations.claimed"
_SHOWN = "qstash_shown"


class Verification:
    """One use of ``verify_qstash`` or ``protect``: its options, and a guard for every app that it serves."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted: Wanted = wanted
        self._guards: WeakKeyDictionary[Flask, FromSettings[Guard]] = WeakKeyDictionary()

    def guard(self, app: Flask) -> Guard:
        """ConfigurationError when a setting is missing that neither the view nor the extension was given."""
        made = self._guards.get(app)
        if made is None:
            wanted = self.wanted_in(app)
            # Not the app itself, which would stay alive as its own key, nor its configuration, which holds secrets.
            alive = cast("Callable[[], Flask]", ref(app))
            made = guard_from_settings(
                wanted, lambda *given: load(alive(), *given), lambda: config_of(alive()).get("TRUSTED_HOSTS")
            )
            self._guards[app] = made
        return made()

    def wanted_in(self, app: Flask) -> Wanted:
        """With what the extension of ``app`` was given."""
        return self.wanted.within(given_to(app).wanted)

    def call(self, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The view's answer to a genuine request, ours to any other one."""
        host = _Host(view, args, kwargs)
        return handle(partial(self.guard, host.app), host)

    def refuse(self) -> Response | None:
        """The answer to a request that may not pass, or None with the delivery in its place."""
        host = _Host()
        turn = admit(partial(self.guard, host.app), host)
        if isinstance(turn, Answer):
            return host.answer(turn)
        _shown_here()[self] = show(host.shown(turn)), turn.work
        host.let_in(turn)
        if not turn.is_claimed:
            show_in_stream(turn)
        if isinstance(turn.work, RecordedWork):
            after_this_request(partial(_note, turn.work))
        return None

    def leave(self, error: BaseException | None) -> None:
        """The request that ``refuse`` let pass is over: the thread's next one may be anybody's."""
        kept = _shown_here().pop(self, None)
        if kept is None:
            return
        shown, work = kept
        if error is not None:
            work.failed(error)
        hide(shown)
        work.leave()


class _Host:
    __slots__ = ("_args", "_globals", "_kwargs", "_request", "_view", "app")

    def __init__(
        self, view: Callable[..., Any] | None = None, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> None:
        self._view = view
        self._args = args
        self._kwargs = kwargs or {}
        self._request = request_here()
        self._globals = globals_here()
        self.app: Flask = app_here()

    @property
    def claimed(self) -> Claimed | None:
        return cast("Claimed | None", self._request.environ.get(_CLAIMED))

    def head(self) -> Head:
        # An app context that outlives its requests, as in tests, still has the previous one's.
        self._globals.pop(DELIVERY, None)
        environ = before_proxy_fix(self.app, self._request.environ)
        return head_of_environ(environ, reads_chunks=reads_chunks(self._request))

    def route(self) -> str | None:
        rule = self._request.url_rule
        return None if rule is None else rule.rule

    def read(self, guard: Guard, head: Head) -> bytes | Answer:
        return read(self._request, head, guard)

    def answer(self, answer: Answer) -> Response:
        return response(answer)

    def let_in(self, turn: Turn) -> None:
        """Leave the body where Flask looks for it, and the delivery where the view does."""
        if turn.claimed is not None:
            self._request.environ[_CLAIMED] = turn.claimed
            end_with_request(turn)
        give_back(self._request, turn.delivery.body)
        setattr(self._globals, DELIVERY, turn.delivery)

    def run(self, turn: Turn) -> Any:
        self.let_in(turn)
        show(self.shown(turn))  # until ``handle`` hides what it has shown itself
        answered = self.app.ensure_sync(cast("Callable[..., Any]", self._view))(*self._args, **self._kwargs)
        if not turn.is_claimed and may_stream(answered):
            show_in_stream(turn)
        return answered

    def shown(self, turn: Turn) -> OfRequest:
        # A view that calls another one in process does so in its own context.
        return OfRequest(turn.delivery, partial(_is_current, ref(self._request)))

    def steer(self, signal: NonRetryable | RetryAfter, turn: Turn) -> Response:
        return response(answer_signal(signal))


def _shown_here() -> dict[Verification, tuple[Token[Any], Work]]:
    """What is to be taken back when this request is over: an app may be protected, and a blueprint of it as well."""
    kept: dict[str, dict[Verification, tuple[Token[Any], Work]]] = vars(context_here())
    return kept.setdefault(_SHOWN, {})


def _note(work: RecordedWork, response: Response) -> Response:
    work.answering(response)
    return response


def _is_current(request: "ref[Request]") -> bool:
    return has_request_context() and request_here() is request()
