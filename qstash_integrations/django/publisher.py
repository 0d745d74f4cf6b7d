"""``qstash`` and ``aqstash``: publishers per settings, made once, that know the project's own URLs.

They read the settings at their first use and again when those have changed; importing them reads nothing.

Spec: https://docs.djangoproject.com/en/stable/ref/urlresolvers/
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, Unpack, cast, overload

from asgiref.sync import sync_to_async
from django.conf import settings
from django.urls import reverse

from .._core.origins import add_origin
from .._core.publishing.call import Tries
from .._core.publishing.client import AsyncQStash, QStash
from .._core.publishing.discreet import discreet
from .._core.publishing.inputs import Header
from .._core.publishing.manner import Manner
from .._core.publishing.operations import Operation, merged
from .._core.publishing.operations.message import NewId, PublishResult, enqueue, publish
from .._core.publishing.results.published import PublishResponse, PublishUrlGroupResponse
from .._core.publishing.signatures import named_options
from .._core.settings.from_settings import FromSettings
from .._core.settings.values import Settings
from .conf import improperly_configured, load, manner, publishes_on_commit
from .on_commit import ApiMessageOnCommit, GroupMessageOnCommit, UrlMessageOnCommit, held_back
from .reversing import public_url

if TYPE_CHECKING:  # what only projects with an outbox import
    from .outbox.verbs import AsyncOutbox, Outbox

T = TypeVar("T")


@named_options
@discreet
class Publisher(QStash):
    """A ``qstash_integrations.QStash`` that also knows the project's own URLs and transactions.

    With ``QSTASH = {"ON_COMMIT": True}`` whatever it publishes within a transaction of the default database waits for
    the commit, as with ``publish_on_commit``.
    """

    @overload
    def publish_on_commit(
        self, message: UrlMessageOnCommit | ApiMessageOnCommit, /, *, using: str | None = None
    ) -> PublishResponse: ...
    @overload
    def publish_on_commit(
        self, message: GroupMessageOnCommit, /, *, using: str | None = None
    ) -> list[PublishUrlGroupResponse]: ...
    @overload
    def publish_on_commit(
        self, /, *, using: str | None = None, **message: Unpack[UrlMessageOnCommit]
    ) -> PublishResponse: ...
    @overload
    def publish_on_commit(
        self, /, *, using: str | None = None, **message: Unpack[ApiMessageOnCommit]
    ) -> PublishResponse: ...
    @overload
    def publish_on_commit(
        self, /, *, using: str | None = None, **message: Unpack[GroupMessageOnCommit]
    ) -> list[PublishUrlGroupResponse]: ...
    def publish_on_commit(self, message: Any = None, /, *, using: str | None = None, **fields: Any) -> PublishResult:
        """``publish``, or ``enqueue`` with a ``queue``, when the transaction of the database ``using`` commits.

        The message is checked at once; a transaction or savepoint that is rolled back publishes nothing; outside a
        transaction it is published at once. Until the commit whatever is asked of the receipt is a RuntimeError. What
        fails after the commit is in Django's log, and raised by the receipt.
        """
        return self._on_commit(_operation(merged(message, fields), self.new_id, self.added), using)

    def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer."""
        if operation.publishes and publishes_on_commit():
            return self._on_commit(operation, None)
        return super().run(operation)

    @property
    def outbox(self) -> "Outbox":
        """The verbs that publish, for messages that are rows of the database until its transaction commits."""
        from .outbox.verbs import Outbox

        return Outbox(self)

    def url_for(self, viewname: str, /, **kwargs: Any) -> str:
        """The public URL of a view, on the first QSTASH_PUBLIC_URL, or the one public ALLOWED_HOSTS; never on the
        request's host.

        A path prefix in the public URL replaces the script prefix; without one FORCE_SCRIPT_NAME, or else the script
        prefix, follows. Raises ConfigurationError when no public URL is set, NoReverseMatch for an unknown view.
        """
        return public_url(reverse(viewname, kwargs=kwargs))

    def publish_now(self, message: Mapping[str, Any], /) -> str:
        """The id of one message that is published, or enqueued, whatever transaction is open; for this package."""
        receipt = super().run(_operation(message, self.new_id, self.added))
        return cast("PublishResponse", receipt).message_id

    def write_now(self, message: Mapping[str, Any], /, using: str | None) -> str:
        """Write one message into the outbox, whatever the settings say; the database. For this package."""
        from .outbox.databases import database
        from .outbox.writing import check_open, write

        operation = _operation(message, None, ())
        self._call(operation)
        alias = database(using)
        check_open(alias)
        write(self.created(operation), alias)
        return alias

    def check_now(self, message: Mapping[str, Any], /) -> None:
        """Raise what ``publish_now`` would raise without asking QStash; for this package."""
        self._call(_operation(message, None, self.added))

    def check_operation(self, operation: Operation[Any], /) -> None:
        """Raise what ``run`` would raise without asking QStash; for this package."""
        self._call(operation)

    def _on_commit(self, operation: Operation[T], using: str | None) -> T:
        self._call(operation)  # a missing setting is said now, not after the commit
        receipt = held_back(operation, super().run, self.created, using, self.added)
        return super().run(operation) if receipt is None else receipt

    def _call(self, operation: Operation[T]) -> Tries[T]:
        with improperly_configured():
            return super()._call(operation)


@named_options
@discreet
class AsyncPublisher(AsyncQStash):
    """A ``qstash_integrations.AsyncQStash`` that also knows the project's own URLs and transactions.

    Django has no transactions in async code. The one that counts is that of the thread in which this request's
    ``sync_to_async`` code runs: open where sync code within ``atomic`` has called the async code.
    """

    _sync_kind = Publisher

    @overload
    async def publish_on_commit(
        self, message: UrlMessageOnCommit | ApiMessageOnCommit, /, *, using: str | None = None
    ) -> PublishResponse: ...
    @overload
    async def publish_on_commit(
        self, message: GroupMessageOnCommit, /, *, using: str | None = None
    ) -> list[PublishUrlGroupResponse]: ...
    @overload
    async def publish_on_commit(
        self, /, *, using: str | None = None, **message: Unpack[UrlMessageOnCommit]
    ) -> PublishResponse: ...
    @overload
    async def publish_on_commit(
        self, /, *, using: str | None = None, **message: Unpack[ApiMessageOnCommit]
    ) -> PublishResponse: ...
    @overload
    async def publish_on_commit(
        self, /, *, using: str | None = None, **message: Unpack[GroupMessageOnCommit]
    ) -> list[PublishUrlGroupResponse]: ...
    async def publish_on_commit(
        self, message: Any = None, /, *, using: str | None = None, **fields: Any
    ) -> PublishResult:
        """``publish``, or ``enqueue`` with a ``queue``, when the transaction of the database ``using`` commits.

        The message is checked at once; a transaction or savepoint that is rolled back publishes nothing; outside a
        transaction it is published at once. Until the commit whatever is asked of the receipt is a RuntimeError. What
        fails after the commit is in Django's log, and raised by the receipt.
        """
        return await self._on_commit(_operation(merged(message, fields), self.new_id, self.added), using)

    async def run(self, operation: Operation[T]) -> T:
        """Send one API call, again where that is safe, and read its answer."""
        if operation.publishes and publishes_on_commit():
            return await self._on_commit(operation, None)
        return await super().run(operation)

    @property
    def outbox(self) -> "AsyncOutbox":
        """As on ``Publisher``, awaited."""
        from .outbox.verbs import AsyncOutbox

        return AsyncOutbox(self.sync.outbox)

    def url_for(self, viewname: str, /, **kwargs: Any) -> str:
        """As on ``Publisher``; nothing to await."""
        return public_url(reverse(viewname, kwargs=kwargs))

    @property
    def sync(self) -> Publisher:
        """The same publisher for code that cannot await."""
        return cast("Publisher", super().sync)

    async def _on_commit(self, operation: Operation[T], using: str | None) -> T:
        self._call(operation)  # a missing setting is said now, not after the commit
        send = partial(QStash.run, self.sync)
        receipt = await sync_to_async(held_back)(operation, send, self.created, using, self.added)
        return await super().run(operation) if receipt is None else receipt

    def _call(self, operation: Operation[T]) -> Tries[T]:
        with improperly_configured():
            return super()._call(operation)


def manner_without(of_the_others: str) -> Callable[[], Manner]:
    """How to send, made again when the settings have changed. A ready client serves code that waits in its way."""

    def made(_: Settings) -> Manner:
        told = manner()
        is_theirs = any(kind.__name__ == of_the_others for kind in type(told.http_client).__mro__)
        return told.without_client() if is_theirs else told

    return FromSettings(made, load)


def _operation(message: Any, new_id: NewId | None, added: Sequence[Header]) -> Operation[PublishResult]:
    return (publish if message.get("queue") is None else enqueue)(message, new_id, added)


qstash: Publisher = Publisher.from_settings(load, manner_without("AsyncClient"))
aqstash: AsyncPublisher = AsyncPublisher.from_settings(load, manner_without("Client"))


def _running_origin() -> Any:
    """Where tasks are published from in a project: within requests, commands and workers alike."""
    if not settings.configured:
        return None
    # Asked by the tasks alone, which are there by then.
    from .origin import ORIGIN

    return ORIGIN


add_origin(_running_origin, depth=0)
