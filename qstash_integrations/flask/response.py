"""Our own answers as Flask responses, and when the response of a view is complete.

A response is watched where Flask hands it to the server: what stands earlier may still be replaced, by a hook that
fails say, and the message would count as done without an answer.

Spec: https://werkzeug.palletsprojects.com/en/stable/wrappers/#werkzeug.wrappers.Response.get_app_iter
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from weakref import ref

from flask import Response

from .._core.answers import Answer
from .._core.once import Turn


def response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def ending(turn: Turn) -> Callable[[Response], Response]:
    """For ``after_this_request``: the turn ends when the response is complete."""

    def watch(watched: Response) -> Response:
        # Nothing here refers to itself: what a hook replaces has to be gone at once, and its turn over.
        this: Any = ref(watched)
        body_of: Any = type(watched).get_app_iter

        def get_app_iter(environ: object) -> Iterable[bytes]:
            return _Watched(body_of(this(), environ), turn, this())

        setattr(watched, "get_app_iter", get_app_iter)  # noqa: B010 - to type checkers it cannot be set
        return watched

    return watch


class _Watched:
    """The body on its way to the server, which iterates over it and closes it in any case."""

    def __init__(self, parts: Iterable[bytes], turn: Turn, watched: Response) -> None:
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
