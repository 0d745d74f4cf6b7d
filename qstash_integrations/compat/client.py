"""``Client`` and ``AsyncClient``: what the original package could ask of QStash, asked by a ``QStash``.

Spec: https://github.com/upstash/qstash-py
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from .._core.publishing.client import AsyncQStash, QStash
from .._core.publishing.discreet import discreet
from .._core.publishing.operations import Operation
from .._core.publishing.operations import log as log_calls
from .._core.publishing.operations import message as message_calls
from .._core.publishing.operations.batch import batch
from .._core.publishing.retry import RetryOptions
from .answers import answering
from .requests import fields_of, has_body, message_of, page_of
from .resources import Dlq, Keys, Messages, Queue, Request, Schedules, Topics


@discreet
class _Calls:
    """What both clients are made of; on an ``AsyncClient`` every result is awaited."""

    @property
    @abstractmethod
    def qstash(self) -> QStash | AsyncQStash: ...

    def _run(self, operation: Operation[Any]) -> Any:
        return self.qstash.run(answering(operation))

    def publish(self, request: Request) -> Any:
        """Send a message to its ``url``, or to each endpoint of its ``topic``."""
        return self._run(message_calls.publish(message_of(request), self.qstash.new_id))

    def publish_json(self, request: Request) -> Any:
        """``publish`` with the body encoded as JSON; a message without one has none."""
        message = message_of(request)
        return self._run(message_calls.publish(message, self.qstash.new_id, as_json=has_body(message)))

    def batch(self, requests: Iterable[Request]) -> Any:
        """Many messages in one call."""
        return self._run(batch(map(message_of, requests), self.qstash.new_id))

    def batch_json(self, requests: Iterable[Request]) -> Any:
        """``batch`` with the bodies encoded as JSON."""
        return self._run(batch(map(message_of, requests), self.qstash.new_id, as_json=True))

    def events(self, request: Request | None = None) -> Any:
        """One page of the log, newest first, from ``{"cursor": ...}`` on; with ``count``, ``filter``, ``group_by``,
        ``order`` and ``trim_body`` as ``client.qstash.log.list`` has them."""
        return self._run(log_calls.list_page(**page_of(request, ("count", "filter", "group_by", "order", "trim_body"))))

    def messages(self) -> Messages:
        """Read or cancel messages."""
        return Messages(self._run)

    def topics(self) -> Topics:
        """URL groups and their endpoints."""
        return Topics(self._run)

    def dlq(self) -> Dlq:
        """The dead letter queue."""
        return Dlq(self._run)

    def schedules(self) -> Schedules:
        """Create, read and delete schedules."""
        return Schedules(self._run)

    def queue(self, request: Mapping[str, str] | None = None) -> Queue:
        """One queue: ``{"queue_name": ...}``."""
        fields = {} if request is None else fields_of(request, ("queue_name",))
        return Queue(self._run, fields.get("queue_name"), self.qstash.new_id)

    def keys(self) -> Keys:
        """The signing keys."""
        return Keys(self._run)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


class Client(_Calls):
    """``Client(token, {"attempts": 2, "backoff": f})``: ``attempts`` counts the first try, f gives milliseconds.

    ``retry=False`` tries once. ``base_url`` and ``token`` default to QSTASH_URL and QSTASH_TOKEN.
    """

    def __init__(
        self, token: str | None = None, retry: RetryOptions | bool | None = None, base_url: str | None = None
    ) -> None:
        tokens = [token]
        del token  # error trackers print the locals of raising frames
        self._qstash = QStash(tokens.pop(), base_url=base_url, retry=None if retry is True else retry)

    @property
    def qstash(self) -> QStash:
        """The client behind it, for what the original package could not ask, and to ``close()``."""
        return self._qstash


class AsyncClient(_Calls):
    """``Client`` for ``async`` code: what was ``Client`` in ``upstash_qstash.asyncio``."""

    def __init__(
        self, token: str | None = None, retry: RetryOptions | bool | None = None, base_url: str | None = None
    ) -> None:
        tokens = [token]
        del token  # error trackers print the locals of raising frames
        self._qstash = AsyncQStash(tokens.pop(), base_url=base_url, retry=None if retry is True else retry)

    @property
    def qstash(self) -> AsyncQStash:
        """The client behind it, for what the original package could not ask, and to ``aclose()``."""
        return self._qstash
