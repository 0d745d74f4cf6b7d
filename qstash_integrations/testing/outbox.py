"""An outbox: what the app's publishers send is kept for the test instead of being sent, and what its database keeps
until a commit is seen.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from .._core.names import check_names
from .._core.publishing.client import APIRequest, APIResponse, override_transport
from .._core.publishing.message_options import DeliveryOptions, MessageOptions
from ..outbox.row import Row
from ..outbox.watching import Written, watching
from ..outbox.written import ROW_HEADER
from ..server import identifiers
from .calls import ExpectedCall
from .comparing import difference, find
from .recorded import CreatedSchedule, Published, PublishedMessage, read_call
from .settings import credentials, for_tests

if TYPE_CHECKING:
    from ..tasks import Call, Task

T = TypeVar("T", bound=Published)


class ExpectedMessage(MessageOptions, total=False):
    """Any option of ``publish``; None expects that it was not given."""

    url: str
    url_group: str
    queue: str | None
    json: Any
    """The body as JSON, whatever its spelling."""


class ExpectedSchedule(DeliveryOptions, total=False):
    """Any option of ``schedule.create``; None expects that it was not given."""

    destination: str
    cron: str
    schedule_id: str | None
    queue: str | None
    json: Any
    """The body as JSON, whatever its spelling."""


class Outbox:
    """In its ``with`` block every publisher, sync and async, those made before it too, records instead of sending.

    Accepts what is published and every schedule. Other calls need a QStash that knows something: ``LocalQStash``.
    """

    def __init__(self) -> None:
        self.messages: list[PublishedMessage] = []
        """All that was published, in order; a batch counts as its messages."""
        self.schedules: list[CreatedSchedule] = []
        """All that were created or replaced, in order."""
        self._written: list[Written] = []

    @property
    def written(self) -> list[PublishedMessage]:
        """What was written into the outbox of a database and not rolled back, in order.

        After a commit it is among the ``messages`` as well. Where a test never commits, as Django's ``TestCase``, it is
        what a commit would send.
        """
        sent = {message.header(ROW_HEADER) for message in self.messages}
        return [_message(written.row) for written in self._written if written.row.id in sent or written.is_there()]

    def clear(self) -> None:
        """Forget what was published, scheduled and written so far."""
        self.messages.clear()
        self.schedules.clear()
        self._written.clear()

    @overload
    def assert_published(self, **expected: Unpack[ExpectedMessage]) -> PublishedMessage: ...
    @overload
    def assert_published(self, *, task: "Task[..., Any] | Call", **arguments: Any) -> PublishedMessage: ...
    def assert_published(self, **expected: Any) -> PublishedMessage:
        """The first message that has all of the given options, and maybe others.

        With ``task=ship`` the first call of it with all of the given arguments, and with the options of
        ``task=ship.using(...)``; with ``task=ship.bind(...)`` the first with exactly that call's arguments and options.

        AssertionError shows the nearest one that was published instead, field by field.
        """
        __tracebackhide__ = True  # pytest then shows the line of the test
        return _first("message", _checked(expected, ExpectedMessage), self.messages)

    @overload
    def assert_written(self, **expected: Unpack[ExpectedMessage]) -> PublishedMessage: ...
    @overload
    def assert_written(self, *, task: "Task[..., Any] | Call", **arguments: Any) -> PublishedMessage: ...
    def assert_written(self, **expected: Any) -> PublishedMessage:
        """As ``assert_published``, for what is ``written``. A delay became a ``not_before`` there."""
        __tracebackhide__ = True
        return _first("message", _checked(expected, ExpectedMessage), self.written, "written")

    @overload
    def assert_scheduled(self, **expected: Unpack[ExpectedSchedule]) -> CreatedSchedule: ...
    @overload
    def assert_scheduled(self, *, task: "Task[..., Any] | Call", **arguments: Any) -> CreatedSchedule: ...
    def assert_scheduled(self, **expected: Any) -> CreatedSchedule:
        """As ``assert_published``, for schedules: the first with all of the given options, or an AssertionError."""
        __tracebackhide__ = True
        return _first("schedule", _checked(expected, ExpectedSchedule), self.schedules)

    def record(self, request: APIRequest) -> Sequence[PublishedMessage] | CreatedSchedule | None:
        """Keep what an API call publishes, and tell it; None when it publishes nothing."""
        match published := read_call(request):
            case None:
                pass
            case CreatedSchedule():
                self.schedules.append(published)
            case _:
                self.messages += published
        return published

    def watching(self) -> AbstractContextManager[None]:
        """While it lasts, what is written into an outbox is seen, and is sent by the commit itself."""
        return watching(self._written.append)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(for_tests(**credentials()))
            stack.enter_context(self.watching())
            stack.enter_context(override_transport(self._accept))
            self._exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._exit.close()

    def __repr__(self) -> str:
        return f"<Outbox, {len(self.messages)} messages, {len(self.schedules)} schedules>"

    def _accept(self, request: APIRequest) -> APIResponse:
        match published := self.record(request):
            case None:
                path = request.url.partition("://")[2].partition("/")[2].partition("?")[0]
                raise AssertionError(
                    f"the outbox only takes what is published, and {request.method} /{path} asks something of QStash; "
                    "qstash_local (testing.LocalQStash) can answer it"
                )
            case CreatedSchedule():
                return _accepted({"scheduleId": published.schedule_id or identifiers.schedule_id()})
            case _:
                receipts = [_receipt(message) for message in published]
                return _accepted(receipts if request.url.endswith("/v2/batch") else receipts[0])


def _checked(expected: dict[str, Any], known: type[Any]) -> Mapping[str, Any]:
    """TypeError for an option, or an argument of a task, that there is not."""
    if "task" in expected:
        return {"task": ExpectedCall(expected.pop("task"), expected)}
    check_names(expected, known.__annotations__)
    return expected


def _first(what: str, expected: Mapping[str, Any], published: Sequence[T], done: str = "published") -> T:
    __tracebackhide__ = True
    found = find(expected, published)
    if found is None:
        raise AssertionError(difference(what, expected, published, done))
    return found


def _message(row: Row) -> PublishedMessage:
    return PublishedMessage(
        destination=row.destination, headers=row.headers or (), body=row.body or b"", queue=row.queue
    )


def _receipt(message: PublishedMessage) -> Any:
    receipt = {"messageId": identifiers.message_id()}
    # Nobody here knows the endpoints of a group: it counts as one.
    return [{**receipt, "url": ""}] if message.url is None else receipt


def _accepted(content: Any) -> APIResponse:
    return APIResponse(201, json.dumps(content).encode())
