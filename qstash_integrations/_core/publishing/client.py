"""``QStash`` and ``AsyncQStash``: the clients that publish.

They differ in how they wait and in nothing else: what is sent stands in ``operations``, what is made of the answer in
``call``. HTTP_PROXY and its kin are honoured, except for a QStash on this machine.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

from collections.abc import Callable

from ..settings.values import Settings
from ._async.client import AsyncSender
from ._sync.client import Sender
from .base import override_transport
from .call import APIRequest, APIResponse, Lost
from .manner import Manner

__all__ = ["APIRequest", "APIResponse", "AsyncQStash", "Lost", "QStash", "override_transport"]


class QStash(Sender):
    """Publishes to QStash and waits for its answer. Safe to share between threads, and across a fork.

    ``token`` and ``base_url`` default to QSTASH_TOKEN and QSTASH_URL. ``retry`` is ``{"retries": 5, "backoff": f}``,
    with f from the retry's number to milliseconds, or False. ``timeout`` is in seconds, per try. ``http_client`` is a
    ready ``Client`` of httpx or httpx2, with timeouts of its own; closing it stays the caller's job. ``headers`` are
    forwarded with every message, to wherever it goes, such as one that lets QStash through a deployment's protection; a
    message's own header of the same name wins. ``allow_http`` lets the token travel in clear to another machine; a
    private name or address needs no such word.

    Raises ConfigurationError that names the setting when the token is missing. Calls raise TypeError or ValueError for
    arguments, APIError for what QStash refused, TransportError when no answer came. Their tracebacks keep no variables
    of ours; the caller's own frames hold what the caller wrote.
    """


class AsyncQStash(AsyncSender):
    """``QStash`` for ``async`` code, on asyncio and trio. Safe to share between tasks and event loops.

    Takes what ``QStash`` takes; a ready ``http_client`` is an ``AsyncClient``, and belongs to one event loop. For plain
    functions beside the async ones there is ``.sync``.
    """

    _sync_kind: type[QStash] = QStash

    def _set_up(self, load: Callable[[], Settings], manner: Manner | Callable[[], Manner]) -> None:
        super()._set_up(load, manner)
        chosen = self._manner
        self._sync = self._sync_kind.from_settings(load, lambda: chosen().without_client())
        self._sync._account = self._account

    @property
    def sync(self) -> QStash:
        """The same publisher for code that cannot await."""
        return self._sync

    async def aclose(self) -> None:
        """Close the connections of this event loop and of ``.sync``; a later call opens new ones."""
        await super().aclose()
        self._sync.close()
