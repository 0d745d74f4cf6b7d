"""Our own answers as Flask responses, and when the response to a verified request is complete.

What is sent decides, and that shows late: hooks may still fail, or put another response in the place of the view's. So
a turn stays in the environ until Flask hands a response to the server, and ends with that one; a request of which
nothing was handed over ends it with nothing.

Spec: https://flask.palletsprojects.com/en/stable/api/#signals-list
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import ref

from flask import Response, request, request_finished, request_tearing_down
from werkzeug.wrappers import Response as AnyResponse

from .._core.answers import Answer
from .._core.once import Turn

_TURN = "qstash_integrations.turn"


def response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def claimed() -> str | None:
    """What was claimed for this request, by whoever verified it further out."""
    turn: Turn | None = request.environ.get(_TURN)
    return turn.claimed if turn else None


def end_with_response(turn: Turn) -> None:
    """The turn of this request ends when its response is complete."""
    request.environ[_TURN] = turn


def _watch(_app: object, *, response: object, **_: object) -> None:
    """The hooks have run: this is what Flask hands to the server, unless another receiver of the signal fails."""
    if _TURN not in request.environ or not isinstance(response, AnyResponse):
        return
    # The response does not refer to itself: what it holds has to be gone with it.
    this: Any = ref(response)
    body_of: Callable[..., Iterable[bytes]] = type(response).get_app_iter

    def get_app_iter(environ: Any) -> Iterable[bytes]:
        parts = body_of(this(), environ)
        turn: Turn | None = environ.pop(_TURN, None)
        return parts if turn is None else _Watched(parts, turn, this())

    setattr(response, "get_app_iter", get_app_iter)  # noqa: B010 - to type checkers it cannot be set


def _give_up(_app: object, **_: object) -> None:
    if turn := request.environ.pop(_TURN, None):
        turn.end(None)


request_finished.connect(_watch)
request_tearing_down.connect(_give_up)


class _Watched:
    """The body on its way to the server, which iterates over it and closes it in any case."""

    def __init__(self, parts: Iterable[bytes], turn: Turn, watched: AnyResponse) -> None:
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
