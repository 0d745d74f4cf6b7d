"""Our own answers as Flask responses, and when the response to a verified request is complete.

What is sent decides, and that shows late: hooks may still fail, or put another response in the place of the view's. So
a turn stays in the environ until Flask hands a response to the server, and ends with that one; a request of which
nothing was handed over ends it with nothing. Only the context that began a turn ends it: copies of the context in other
threads, and apps that are called with the same environ, send the same signals.

Spec: https://flask.palletsprojects.com/en/stable/api/#signals-list
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple
from weakref import ref

from flask import Response, request, request_finished, request_tearing_down
from werkzeug.wrappers import Response as AnyResponse

from .._core.receiving.answers import Answer
from .._core.receiving.once import Claimed, Turn
from .conf import context_here

_TURN = "qstash_integrations.turn"


class _Kept(NamedTuple):
    turn: Turn
    context: ref[object]
    """Of the request that began it. Weak, since the context has the environ that this is in."""
    outer: "_Kept | None"
    """What was kept before: each store has a turn of its own."""

    def end(self, status: int | None) -> None:
        """End the turns of this context, those further in first."""
        kept: _Kept | None = self
        while kept is not None and kept.context is self.context:
            kept.turn.end(status)
            kept = kept.outer


def response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def claimed() -> Claimed | None:
    """What was claimed for this request, by whoever verified it further out."""
    kept: _Kept | None = request.environ.get(_TURN)
    return kept.turn.claimed if kept else None


def end_with_response(turn: Turn) -> None:
    """The turn of this request ends when its response is complete."""
    request.environ[_TURN] = _Kept(turn, ref(context_here()), request.environ.get(_TURN))


def _watch(_app: object, *, response: object, **_: object) -> None:
    """The hooks have run: this is what Flask hands to the server, unless another receiver of the signal fails."""
    if not _is_of_this_context() or not isinstance(response, AnyResponse):
        return
    # The response does not refer to itself: what it holds has to be gone with it.
    this: Any = ref(response)
    body_of: Callable[..., Iterable[bytes]] = type(response).get_app_iter

    def get_app_iter(environ: Any) -> Iterable[bytes]:
        parts = body_of(this(), environ)
        kept = _taken(environ)
        return parts if kept is None else _Watched(parts, kept, this())

    setattr(response, "get_app_iter", get_app_iter)  # noqa: B010 - to type checkers it cannot be set


def _give_up(_app: object, **_: object) -> None:
    if _is_of_this_context():
        kept = _taken(request.environ)
        if kept is not None:
            kept.end(None)


def _taken(environ: Any) -> _Kept | None:
    """What the innermost context kept; what others did stays."""
    kept: _Kept | None = environ.pop(_TURN, None)
    others = kept
    while kept is not None and others is not None and others.context is kept.context:
        others = others.outer
    if others is not None:
        environ[_TURN] = others
    return kept


def _is_of_this_context() -> bool:
    kept: _Kept | None = request.environ.get(_TURN)
    return kept is not None and kept.context() is context_here()


request_finished.connect(_watch)
request_tearing_down.connect(_give_up)


class _Watched:
    """The body on its way to the server, which iterates over it and closes it in any case."""

    def __init__(self, parts: Iterable[bytes], turn: _Kept, watched: AnyResponse) -> None:
        self._parts = parts
        self._turn = turn
        self._response = watched

    def __iter__(self) -> Iterator[bytes]:
        # What is no stream is complete by now, and not everybody asks for the end of it.
        if not self._response.is_streamed:
            self._turn.end(self._response.status_code)
        yield from self._parts
        self._turn.end(self._response.status_code)

    def close(self) -> None:
        try:
            close = getattr(self._parts, "close", None)
            if close is not None:
                close()
        finally:
            self._turn.end(None)  # of no effect once the body was complete
