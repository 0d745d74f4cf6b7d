"""When the turn of a verified request is over: when the view has returned and what it wrote is committed.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/#performing-actions-after-commit
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from weakref import ref

from django.db import connections, transaction
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse

from .._core.receiving.answers import Answer
from .._core.receiving.once import Turn
from .._core.receiving.to_the_end import AsyncToTheEnd, ToTheEnd


def response_of(answer: Answer) -> HttpResponse:
    return HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))


def end_with_request(request: HttpRequest, turn: Turn) -> None:
    """At the latest the turn is over when Django closes the request: whatever was not committed then never will be."""
    kept: dict[str, Any] = vars(request)
    turns: list[Turn] = kept.setdefault("_qstash_turns", [])
    turns.append(turn)
    # Nothing in here refers to the request: what Django drops without closing it has to be gone at once.
    kept["close"] = partial(_close, ref(request), type(request).close, turns)


def _close(request: ref[Any], close: Callable[[Any], None], turns: list[Turn]) -> None:
    for turn in turns:
        turn.end(None)
    closing = request()
    if closing is not None:
        close(closing)


def end_when_committed(response: object, turn: Turn) -> None:
    """In the thread whose transactions count. A stream is over with its last part instead."""
    if not isinstance(response, HttpResponseBase):
        turn.end(None)
        return
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.add_post_render_callback(partial(end_when_committed, turn=turn))
        return
    status = response.status_code
    if response.streaming:
        _end_with_stream(response, turn)
        return
    # Without autocommit nobody says when it is committed, and so the message runs again.
    when_committed(partial(turn.end, status))


def when_committed(act: Callable[[], object]) -> bool:
    """Call ``act`` when all open transactions of the app have committed, at once where there is none.

    False where nobody says when that is: then it is never called.
    """
    open_ = [connection for connection in connections.all(initialized_only=True) if _is_open(connection)]
    if not open_:
        act()
        return True
    if not all(connection.in_atomic_block for connection in open_):
        return False
    waiting = {connection.alias for connection in open_}
    for alias in [*waiting]:
        transaction.on_commit(partial(_committed, alias, waiting, act), using=alias)
    return True


def show_in_stream(response: Any, turn: Turn) -> None:
    """``current_delivery`` finds the delivery while the parts are made; for a turn that nothing was claimed for."""
    # A file is none of the app's code, and servers send one faster that they know.
    if getattr(response, "streaming", False) and not isinstance(response, FileResponse):
        _end_with_stream(response, turn)


def _end_with_stream(stream: Any, turn: Turn) -> None:
    ending: Any = AsyncToTheEnd if stream.is_async else ToTheEnd
    stream.streaming_content = ending(stream.streaming_content, turn, stream.status_code)


def _committed(alias: str, waiting: set[str], act: Callable[[], object]) -> None:
    waiting.discard(alias)
    if not waiting:
        act()


def _is_open(connection: Any) -> bool:
    """Whether a transaction of the app is open: a TestCase's own never commits."""
    if connection.connection is None or (connection.autocommit and not connection.in_atomic_block):
        return False
    return not is_of_a_test(connection.atomic_blocks)


def is_of_a_test(blocks: Iterable[object]) -> bool:
    return any(getattr(block, "_from_testcase", False) for block in blocks)
