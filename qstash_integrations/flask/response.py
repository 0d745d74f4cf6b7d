"""Our own answers as Flask responses, and when the turn of a verified request is over: with the request.

What Flask hands to the server decides, after all hooks: it is noted when Flask says so, and counts when the teardown
functions have run as well, which may still commit. A request that fails, and one of which nothing was handed over, ends
its turn with nothing. The turns are kept on the request's own context: copies of it in other threads, and apps that are
called with the same environ, have contexts of their own and send the same signals.

Spec: https://flask.palletsprojects.com/en/stable/api/#signals-list
"""

from collections.abc import Iterable
from functools import cache, partial
from typing import Any, cast

from flask import Response, after_this_request, request_finished, request_tearing_down
from werkzeug.wrappers import Response as AnyResponse

from .._core.receiving.answers import Answer
from .._core.receiving.once import Turn
from .._core.receiving.to_the_end import ToTheEnd
from .conf import context_here

# Of these Flask makes responses in one part.
_WHOLE = (str, bytes, bytearray, dict, list)


def response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers))


def end_with_request(turn: Turn) -> None:
    """The turn, for which something was claimed, is over when this request is."""
    _connect()
    _turns().append(turn)


def may_stream(answered: object) -> bool:
    """Whether Flask may send what a view has returned part by part."""
    body = next(iter(cast("tuple[object, ...]", answered)), None) if isinstance(answered, tuple) else answered
    return not isinstance(body, _WHOLE)


def show_in_stream(turn: Turn) -> None:
    """``current_delivery`` finds the delivery while the parts are made; for a turn that nothing was claimed for."""
    after_this_request(partial(_show_in_stream, turn))


def _show_in_stream(turn: Turn, response: Response) -> Response:
    # A file is none of the app's code, and servers send one faster that they know.
    if response.is_streamed and not response.direct_passthrough:
        response.response = ToTheEnd(cast("Iterable[Any]", response.response), turn, response.status_code)
    return response


def _turns() -> list[Turn]:
    """Those of the current request; they go with its context."""
    kept: dict[str, list[Turn]] = vars(context_here())
    return kept.setdefault("qstash_turns", [])


@cache
def _connect() -> None:
    # Not before a turn needs it: every request of every app in the process pays for a signal.
    request_finished.connect(_note)
    request_tearing_down.connect(_end)


def _note(_app: object, *, response: object, **_: object) -> None:
    """The hooks have run: this is what Flask hands to the server, unless another receiver of the signal fails."""
    if not isinstance(response, AnyResponse):
        return
    status, turns = response.status_code, _turns()
    # Of a 204 no part is ever asked for.
    if response.is_streamed and status != 204:
        while turns:
            response.response = ToTheEnd(cast("Iterable[Any]", response.response), turns.pop(), status)
    vars(context_here())["qstash_status"] = status


def _end(_app: object, **_: object) -> None:
    turns = _turns()
    while turns:
        turns.pop().end(vars(context_here()).get("qstash_status"))
