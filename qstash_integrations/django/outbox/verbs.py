"""``qstash.outbox`` and ``aqstash.outbox``: the verbs that publish, for messages that are rows until the commit.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Unpack, overload

from asgiref.sync import sync_to_async

from ..._core.publishing.discreet import discreet
from ..._core.publishing.message_options import (
    AnyMessage,
    GroupMessage,
    QueuedGroupMessage,
    QueuedUrlMessage,
    UrlMessage,
)
from ..._core.publishing.operations import Operation, merged
from ..._core.publishing.operations.batch import batch
from ..._core.publishing.operations.message import enqueue, publish
from ..._core.publishing.signatures import named_options
from .databases import database
from .writing import check_open, write

if TYPE_CHECKING:
    from ..publisher import Publisher


@named_options
@discreet
class Outbox:
    """The messages are those of the publisher's verbs, checked as there; what comes back is the id of the row.

    The row is written in the transaction that is open on the database ``using``, by default the one that the routers
    give its model: rolled back, also to a savepoint, it was never there; committed, it is sent, at least once. Outside
    of transactions it is committed at once. TransactionManagementError where a transaction is open on another database
    only. A provider's ``api`` is a ValueError: its token would be stored.
    """

    def __init__(self, publisher: "Publisher") -> None:
        self._publisher = publisher

    @overload
    def publish(self, message: UrlMessage | GroupMessage, /, *, using: str | None = None) -> str: ...
    @overload
    def publish(self, /, *, using: str | None = None, **message: Unpack[UrlMessage]) -> str: ...
    @overload
    def publish(self, /, *, using: str | None = None, **message: Unpack[GroupMessage]) -> str: ...
    def publish(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """Write a message to a ``url``, or to every endpoint of a ``url_group``."""
        return self._write(publish(merged(message, fields), None), using)[0]

    @overload
    def publish_json(self, message: UrlMessage | GroupMessage, /, *, using: str | None = None) -> str: ...
    @overload
    def publish_json(self, /, *, using: str | None = None, **message: Unpack[UrlMessage]) -> str: ...
    @overload
    def publish_json(self, /, *, using: str | None = None, **message: Unpack[GroupMessage]) -> str: ...
    def publish_json(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """``publish`` with the body encoded as JSON, whatever it is."""
        return self._write(publish(merged(message, fields), None, as_json=True), using)[0]

    @overload
    def enqueue(self, message: QueuedUrlMessage | QueuedGroupMessage, /, *, using: str | None = None) -> str: ...
    @overload
    def enqueue(self, /, *, using: str | None = None, **message: Unpack[QueuedUrlMessage]) -> str: ...
    @overload
    def enqueue(self, /, *, using: str | None = None, **message: Unpack[QueuedGroupMessage]) -> str: ...
    def enqueue(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """``publish`` through a ``queue``."""
        return self._write(enqueue(merged(message, fields), None), using)[0]

    @overload
    def enqueue_json(self, message: QueuedUrlMessage | QueuedGroupMessage, /, *, using: str | None = None) -> str: ...
    @overload
    def enqueue_json(self, /, *, using: str | None = None, **message: Unpack[QueuedUrlMessage]) -> str: ...
    @overload
    def enqueue_json(self, /, *, using: str | None = None, **message: Unpack[QueuedGroupMessage]) -> str: ...
    def enqueue_json(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """``enqueue`` with the body encoded as JSON, whatever it is."""
        return self._write(enqueue(merged(message, fields), None, as_json=True), using)[0]

    def batch(self, messages: Iterable[AnyMessage], *, using: str | None = None) -> list[str]:
        """Many messages, each with its own destination and options; the ids of their rows, in their order."""
        return self._write(batch(messages, None), using)

    def batch_json(self, messages: Iterable[AnyMessage], *, using: str | None = None) -> list[str]:
        """``batch`` with the bodies encoded as JSON."""
        return self._write(batch(messages, None, as_json=True), using)

    def _write(self, operation: Operation[Any], using: str | None) -> list[str]:
        self._publisher.check_operation(operation)
        alias = database(using)
        check_open(alias)
        return [row.id for row in write(self._publisher.created(operation), alias)]


@named_options
@discreet
class AsyncOutbox:
    """``Outbox`` for ``async`` code: rows are written in the thread in which ``sync_to_async`` code runs.

    Its transactions are those that count, as they are for ``AsyncPublisher``.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    @overload
    async def publish(self, message: UrlMessage | GroupMessage, /, *, using: str | None = None) -> str: ...
    @overload
    async def publish(self, /, *, using: str | None = None, **message: Unpack[UrlMessage]) -> str: ...
    @overload
    async def publish(self, /, *, using: str | None = None, **message: Unpack[GroupMessage]) -> str: ...
    async def publish(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """Write a message to a ``url``, or to every endpoint of a ``url_group``."""
        return await sync_to_async(self._outbox.publish)(message, using=using, **fields)

    @overload
    async def publish_json(self, message: UrlMessage | GroupMessage, /, *, using: str | None = None) -> str: ...
    @overload
    async def publish_json(self, /, *, using: str | None = None, **message: Unpack[UrlMessage]) -> str: ...
    @overload
    async def publish_json(self, /, *, using: str | None = None, **message: Unpack[GroupMessage]) -> str: ...
    async def publish_json(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """``publish`` with the body encoded as JSON, whatever it is."""
        return await sync_to_async(self._outbox.publish_json)(message, using=using, **fields)

    @overload
    async def enqueue(self, message: QueuedUrlMessage | QueuedGroupMessage, /, *, using: str | None = None) -> str: ...
    @overload
    async def enqueue(self, /, *, using: str | None = None, **message: Unpack[QueuedUrlMessage]) -> str: ...
    @overload
    async def enqueue(self, /, *, using: str | None = None, **message: Unpack[QueuedGroupMessage]) -> str: ...
    async def enqueue(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """``publish`` through a ``queue``."""
        return await sync_to_async(self._outbox.enqueue)(message, using=using, **fields)

    @overload
    async def enqueue_json(
        self, message: QueuedUrlMessage | QueuedGroupMessage, /, *, using: str | None = None
    ) -> str: ...
    @overload
    async def enqueue_json(self, /, *, using: str | None = None, **message: Unpack[QueuedUrlMessage]) -> str: ...
    @overload
    async def enqueue_json(self, /, *, using: str | None = None, **message: Unpack[QueuedGroupMessage]) -> str: ...
    async def enqueue_json(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> str:
        """``enqueue`` with the body encoded as JSON, whatever it is."""
        return await sync_to_async(self._outbox.enqueue_json)(message, using=using, **fields)

    async def batch(self, messages: Iterable[AnyMessage], *, using: str | None = None) -> list[str]:
        """Many messages, each with its own destination and options; the ids of their rows, in their order."""
        return await sync_to_async(self._outbox.batch)(messages, using=using)

    async def batch_json(self, messages: Iterable[AnyMessage], *, using: str | None = None) -> list[str]:
        """``batch`` with the bodies encoded as JSON."""
        return await sync_to_async(self._outbox.batch_json)(messages, using=using)
