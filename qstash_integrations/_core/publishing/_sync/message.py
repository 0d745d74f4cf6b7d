# Made of _async/message.py by tools/unasync.py: change that one, and run it.
"""``client.message``, and the verbs that stand on the client as well.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/publish-a-message
"""

# ruff: noqa: A002 - ``filter`` is the official SDK's name

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any, Unpack, overload

from ..discreet import discreet
from ..filters import MessageFilter
from ..message_options import (
    AnyMessage,
    ApiMessage,
    GroupMessage,
    OneReceipt,
    QueuedApiMessage,
    QueuedGroupMessage,
    QueuedUrlMessage,
    UrlMessage,
)
from ..operations import batch as batches
from ..operations import merged
from ..operations import message as operations
from ..operations.many import Progress
from ..operations.message import PublishResult
from ..results.message import Message
from ..results.published import PublishResponse, PublishUrlGroupResponse
from ..signatures import named_options
from ..waiting import Source
from . import Runner
from .many import Many


@named_options
@discreet
class MessageVerbs:
    """What stands both on the client and on ``client.message``."""

    __slots__ = ()

    @property
    @abstractmethod
    def _runner(self) -> Runner: ...

    @overload
    def publish(self, message: UrlMessage | ApiMessage, /) -> PublishResponse: ...
    @overload
    def publish(self, message: GroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    def publish(self, /, **message: Unpack[UrlMessage]) -> PublishResponse: ...
    @overload
    def publish(self, /, **message: Unpack[ApiMessage]) -> PublishResponse: ...
    @overload
    def publish(self, /, **message: Unpack[GroupMessage]) -> list[PublishUrlGroupResponse]: ...
    def publish(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """Send a message to a ``url``, an ``api``, or every endpoint of a ``url_group``.

        The body goes as it is: bytes or text; a dict or list is encoded as JSON. QStash accepts, then delivers.
        ``qstash_integrations.options.MessageOptions`` has the other keywords, as of every verb that publishes.
        """
        return self._runner.run(operations.publish(merged(message, fields), self._runner.new_id, self._runner.added))

    @overload
    def publish_json(self, message: UrlMessage | ApiMessage, /) -> PublishResponse: ...
    @overload
    def publish_json(self, message: GroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    def publish_json(self, /, **message: Unpack[UrlMessage]) -> PublishResponse: ...
    @overload
    def publish_json(self, /, **message: Unpack[ApiMessage]) -> PublishResponse: ...
    @overload
    def publish_json(self, /, **message: Unpack[GroupMessage]) -> list[PublishUrlGroupResponse]: ...
    def publish_json(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """``publish`` with the body encoded as JSON, whatever it is.

        The keywords are those of ``qstash_integrations.options.UrlMessage``, ``GroupMessage`` or ``ApiMessage``.
        """
        return self._runner.run(
            operations.publish(merged(message, fields), self._runner.new_id, self._runner.added, as_json=True)
        )

    @overload
    def enqueue(self, message: QueuedUrlMessage | QueuedApiMessage, /) -> PublishResponse: ...
    @overload
    def enqueue(self, message: QueuedGroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    def enqueue(self, /, **message: Unpack[QueuedUrlMessage]) -> PublishResponse: ...
    @overload
    def enqueue(self, /, **message: Unpack[QueuedApiMessage]) -> PublishResponse: ...
    @overload
    def enqueue(self, /, **message: Unpack[QueuedGroupMessage]) -> list[PublishUrlGroupResponse]: ...
    def enqueue(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """``publish`` through a ``queue``: first in, first out, the next message after the last try of this one.

        The queue is made where there is none of its name. With a ``parallelism`` of its own above 1 several messages
        are in flight, and may overtake each other.
        """
        return self._runner.run(operations.enqueue(merged(message, fields), self._runner.new_id, self._runner.added))

    @overload
    def enqueue_json(self, message: QueuedUrlMessage | QueuedApiMessage, /) -> PublishResponse: ...
    @overload
    def enqueue_json(self, message: QueuedGroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    def enqueue_json(self, /, **message: Unpack[QueuedUrlMessage]) -> PublishResponse: ...
    @overload
    def enqueue_json(self, /, **message: Unpack[QueuedApiMessage]) -> PublishResponse: ...
    @overload
    def enqueue_json(self, /, **message: Unpack[QueuedGroupMessage]) -> list[PublishUrlGroupResponse]: ...
    def enqueue_json(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """``enqueue`` with the body encoded as JSON, whatever it is.

        TypeError or ValueError names what JSON cannot hold.
        """
        return self._runner.run(
            operations.enqueue(merged(message, fields), self._runner.new_id, self._runner.added, as_json=True)
        )

    @overload
    def batch(  # pyright: ignore[reportOverlappingOverload] - lists are invariant, but this one is new
        self, messages: Iterable[OneReceipt]
    ) -> list[PublishResponse]: ...
    @overload
    def batch(self, messages: Iterable[AnyMessage]) -> list[PublishResult]: ...
    def batch(self, messages: Iterable[Any]) -> list[Any]:
        """Many messages in one call, each with its own destination and options; the results in their order.

        All are checked before anything is sent; an error names the index.
        """
        runner = self._runner
        return runner.run(batches.batch(messages, runner.new_id, runner.added))

    @overload
    def batch_json(  # pyright: ignore[reportOverlappingOverload] - lists are invariant, but this one is new
        self, messages: Iterable[OneReceipt]
    ) -> list[PublishResponse]: ...
    @overload
    def batch_json(self, messages: Iterable[AnyMessage]) -> list[PublishResult]: ...
    def batch_json(self, messages: Iterable[Any]) -> list[Any]:
        """``batch`` with the bodies encoded as JSON."""
        runner = self._runner
        return runner.run(batches.batch(messages, runner.new_id, runner.added, as_json=True))

    @overload
    def publish_many(
        self, messages: Source[OneReceipt], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> Many[PublishResponse]: ...
    @overload
    def publish_many(
        self, messages: Source[AnyMessage], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> Many[PublishResult]: ...
    def publish_many(
        self,
        messages: Source[Any],
        *,
        chunk_size: int = 100,
        on_progress: Progress | None = None,
    ) -> Many[Any]:
        """Any number of messages, sent as batches of ``chunk_size`` while the receipts are iterated over.

        Memory stays flat whatever ``messages`` iterates over, in async code perhaps asynchronously; ten megabytes end a
        chunk too. Nothing is sent before the first receipt is asked for; ``send()`` sends all and keeps no receipts.
        ``on_progress`` is called after each chunk with the number of messages accepted so far.

        TypeError or ValueError names the index of a message that is wrong; nothing of its chunk is sent. APIError and
        TransportError name the messages of the chunk that failed; those before it are accepted, as ``accepted`` counts.
        """
        return Many(self._runner, messages, as_json=False, chunk_size=chunk_size, on_progress=on_progress)

    @overload
    def publish_many_json(
        self, messages: Source[OneReceipt], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> Many[PublishResponse]: ...
    @overload
    def publish_many_json(
        self, messages: Source[AnyMessage], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> Many[PublishResult]: ...
    def publish_many_json(
        self,
        messages: Source[Any],
        *,
        chunk_size: int = 100,
        on_progress: Progress | None = None,
    ) -> Many[Any]:
        """``publish_many`` with the bodies encoded as JSON."""
        return Many(self._runner, messages, as_json=True, chunk_size=chunk_size, on_progress=on_progress)


@discreet
class MessageApi(MessageVerbs):
    """``client.message``: publish messages, and look after those that are not delivered yet."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner) -> None:
        self._client = client

    @property
    def _runner(self) -> Runner:
        return self._client

    def get(self, message_id: str) -> Message:
        """A message that is not delivered yet; APIError 404 soon after it was."""
        return self._client.run(operations.get(message_id))

    def cancel(self, message_id: str) -> None:
        """Deliver it no more; APIError 404 for an unknown or finished message."""
        return self._client.run(operations.cancel(message_id))

    @overload
    def cancel_many(self, message_ids: Sequence[str]) -> int: ...
    @overload
    def cancel_many(self, *, filter: MessageFilter, count: int | None = None) -> int: ...
    def cancel_many(
        self,
        message_ids: Sequence[str] | None = None,
        *,
        filter: MessageFilter | None = None,
        count: int | None = None,
    ) -> int:
        """Cancel by ids, a hundred at most, or by a filter; how many messages were cancelled.

        Unknown and finished ones do not count. Of what fits the filter, ``count`` are cancelled, 500 at most; without
        it as many as QStash takes at once.
        """
        return self._client.run(operations.cancel_many(message_ids, filter, count))

    def cancel_all(self, *, count: int | None = None) -> int:
        """Cancel every message that is not delivered yet, or ``count`` of them, 500 at most; how many there were."""
        return self._client.run(operations.cancel_all(count))
