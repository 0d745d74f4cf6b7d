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
from ..waiting import AsyncSource
from . import AsyncRunner
from .many import AsyncMany


@named_options
@discreet
class AsyncMessageVerbs:
    """What stands both on the client and on ``client.message``."""

    __slots__ = ()

    @property
    @abstractmethod
    def _runner(self) -> AsyncRunner: ...

    @overload
    async def publish(self, message: UrlMessage | ApiMessage, /) -> PublishResponse: ...
    @overload
    async def publish(self, message: GroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    async def publish(self, /, **message: Unpack[UrlMessage]) -> PublishResponse: ...
    @overload
    async def publish(self, /, **message: Unpack[ApiMessage]) -> PublishResponse: ...
    @overload
    async def publish(self, /, **message: Unpack[GroupMessage]) -> list[PublishUrlGroupResponse]: ...
    async def publish(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """Send a message to a ``url``, an ``api``, or every endpoint of a ``url_group``.

        The body goes as it is: bytes or text; a dict or list is encoded as JSON. QStash accepts, then delivers.
        ``qstash_integrations.options.MessageOptions`` has the other keywords, as of every verb that publishes.
        """
        return await self._runner.run(
            operations.publish(merged(message, fields), self._runner.new_id, self._runner.added)
        )

    @overload
    async def publish_json(self, message: UrlMessage | ApiMessage, /) -> PublishResponse: ...
    @overload
    async def publish_json(self, message: GroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    async def publish_json(self, /, **message: Unpack[UrlMessage]) -> PublishResponse: ...
    @overload
    async def publish_json(self, /, **message: Unpack[ApiMessage]) -> PublishResponse: ...
    @overload
    async def publish_json(self, /, **message: Unpack[GroupMessage]) -> list[PublishUrlGroupResponse]: ...
    async def publish_json(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """``publish`` with the body encoded as JSON, whatever it is.

        The keywords are those of ``qstash_integrations.options.UrlMessage``, ``GroupMessage`` or ``ApiMessage``.
        """
        return await self._runner.run(
            operations.publish(merged(message, fields), self._runner.new_id, self._runner.added, as_json=True)
        )

    @overload
    async def enqueue(self, message: QueuedUrlMessage | QueuedApiMessage, /) -> PublishResponse: ...
    @overload
    async def enqueue(self, message: QueuedGroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    async def enqueue(self, /, **message: Unpack[QueuedUrlMessage]) -> PublishResponse: ...
    @overload
    async def enqueue(self, /, **message: Unpack[QueuedApiMessage]) -> PublishResponse: ...
    @overload
    async def enqueue(self, /, **message: Unpack[QueuedGroupMessage]) -> list[PublishUrlGroupResponse]: ...
    async def enqueue(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """``publish`` through a ``queue``: first in, first out, the next message after the last try of this one.

        The queue is made where there is none of its name. With a ``parallelism`` of its own above 1 several messages
        are in flight, and may overtake each other.
        """
        return await self._runner.run(
            operations.enqueue(merged(message, fields), self._runner.new_id, self._runner.added)
        )

    @overload
    async def enqueue_json(self, message: QueuedUrlMessage | QueuedApiMessage, /) -> PublishResponse: ...
    @overload
    async def enqueue_json(self, message: QueuedGroupMessage, /) -> list[PublishUrlGroupResponse]: ...
    @overload
    async def enqueue_json(self, /, **message: Unpack[QueuedUrlMessage]) -> PublishResponse: ...
    @overload
    async def enqueue_json(self, /, **message: Unpack[QueuedApiMessage]) -> PublishResponse: ...
    @overload
    async def enqueue_json(self, /, **message: Unpack[QueuedGroupMessage]) -> list[PublishUrlGroupResponse]: ...
    async def enqueue_json(self, message: Any = None, /, **fields: Any) -> PublishResult:
        """``enqueue`` with the body encoded as JSON, whatever it is.

        TypeError or ValueError names what JSON cannot hold.
        """
        return await self._runner.run(
            operations.enqueue(merged(message, fields), self._runner.new_id, self._runner.added, as_json=True)
        )

    @overload
    async def batch(  # pyright: ignore[reportOverlappingOverload] - lists are invariant, but this one is new
        self, messages: Iterable[OneReceipt]
    ) -> list[PublishResponse]: ...
    @overload
    async def batch(self, messages: Iterable[AnyMessage]) -> list[PublishResult]: ...
    async def batch(self, messages: Iterable[Any]) -> list[Any]:
        """Many messages in one call, each with its own destination and options; the results in their order.

        All are checked before anything is sent; an error names the index.
        """
        runner = self._runner
        return await runner.run(batches.batch(messages, runner.new_id, runner.added))

    @overload
    async def batch_json(  # pyright: ignore[reportOverlappingOverload] - lists are invariant, but this one is new
        self, messages: Iterable[OneReceipt]
    ) -> list[PublishResponse]: ...
    @overload
    async def batch_json(self, messages: Iterable[AnyMessage]) -> list[PublishResult]: ...
    async def batch_json(self, messages: Iterable[Any]) -> list[Any]:
        """``batch`` with the bodies encoded as JSON."""
        runner = self._runner
        return await runner.run(batches.batch(messages, runner.new_id, runner.added, as_json=True))

    @overload
    def publish_many(
        self, messages: AsyncSource[OneReceipt], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> AsyncMany[PublishResponse]: ...
    @overload
    def publish_many(
        self, messages: AsyncSource[AnyMessage], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> AsyncMany[PublishResult]: ...
    def publish_many(
        self,
        messages: AsyncSource[Any],
        *,
        chunk_size: int = 100,
        on_progress: Progress | None = None,
    ) -> AsyncMany[Any]:
        """Any number of messages, sent as batches of ``chunk_size`` while the receipts are iterated over.

        Memory stays flat whatever ``messages`` iterates over, in async code perhaps asynchronously; ten megabytes end a
        chunk too. Nothing is sent before the first receipt is asked for; ``send()`` sends all and keeps no receipts.
        ``on_progress`` is called after each chunk with the number of messages accepted so far.

        TypeError or ValueError names the index of a message that is wrong; nothing of its chunk is sent. APIError and
        TransportError name the messages of the chunk that failed; those before it are accepted, as ``accepted`` counts.
        """
        return AsyncMany(self._runner, messages, as_json=False, chunk_size=chunk_size, on_progress=on_progress)

    @overload
    def publish_many_json(
        self, messages: AsyncSource[OneReceipt], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> AsyncMany[PublishResponse]: ...
    @overload
    def publish_many_json(
        self, messages: AsyncSource[AnyMessage], *, chunk_size: int = 100, on_progress: Progress | None = None
    ) -> AsyncMany[PublishResult]: ...
    def publish_many_json(
        self,
        messages: AsyncSource[Any],
        *,
        chunk_size: int = 100,
        on_progress: Progress | None = None,
    ) -> AsyncMany[Any]:
        """``publish_many`` with the bodies encoded as JSON."""
        return AsyncMany(self._runner, messages, as_json=True, chunk_size=chunk_size, on_progress=on_progress)


@discreet
class AsyncMessageApi(AsyncMessageVerbs):
    """``client.message``: publish messages, and look after those that are not delivered yet."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncRunner) -> None:
        self._client = client

    @property
    def _runner(self) -> AsyncRunner:
        return self._client

    async def get(self, message_id: str) -> Message:
        """A message that is not delivered yet; APIError 404 soon after it was."""
        return await self._client.run(operations.get(message_id))

    async def cancel(self, message_id: str) -> None:
        """Deliver it no more; APIError 404 for an unknown or finished message."""
        return await self._client.run(operations.cancel(message_id))

    @overload
    async def cancel_many(self, message_ids: Sequence[str]) -> int: ...
    @overload
    async def cancel_many(self, *, filter: MessageFilter, count: int | None = None) -> int: ...
    async def cancel_many(
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
        return await self._client.run(operations.cancel_many(message_ids, filter, count))

    async def cancel_all(self, *, count: int | None = None) -> int:
        """Cancel every message that is not delivered yet, or ``count`` of them, 500 at most; how many there were."""
        return await self._client.run(operations.cancel_all(count))
