"""Everything that can be asked of QStash, resource by resource, as properties of the client."""

from .dlq import AsyncDlqApi
from .flow_control import AsyncFlowControlApi
from .log import AsyncLogApi
from .message import AsyncMessageApi, AsyncMessageVerbs
from .queue import AsyncQueueApi
from .schedule import AsyncScheduleApi
from .signing_key import AsyncSigningKeyApi
from .url_group import AsyncUrlGroupApi


class AsyncResources(AsyncMessageVerbs):
    """The verbs that publish, and the resources under the official SDK's names."""

    __slots__ = ()

    @property
    def message(self) -> AsyncMessageApi:
        """Messages: publish, enqueue, batch, get, cancel."""
        return AsyncMessageApi(self._runner)

    @property
    def queue(self) -> AsyncQueueApi:
        """Queues: upsert, get, list, delete, pause, resume."""
        return AsyncQueueApi(self._runner)

    @property
    def schedule(self) -> AsyncScheduleApi:
        """Schedules: create, get, list, delete, pause, resume."""
        return AsyncScheduleApi(self._runner)

    @property
    def url_group(self) -> AsyncUrlGroupApi:
        """URL groups: upsert and remove endpoints, get, list, delete."""
        return AsyncUrlGroupApi(self._runner)

    @property
    def dlq(self) -> AsyncDlqApi:
        """The dead letter queue: list, get, delete, retry."""
        return AsyncDlqApi(self._runner)

    @property
    def log(self) -> AsyncLogApi:
        """What happened to messages: list."""
        return AsyncLogApi(self._runner)

    @property
    def signing_key(self) -> AsyncSigningKeyApi:
        """The signing keys: get, rotate."""
        return AsyncSigningKeyApi(self._runner)

    @property
    def flow_control(self) -> AsyncFlowControlApi:
        """Flow-control keys: get, list, pause, resume, pin, unpin, reset the rate."""
        return AsyncFlowControlApi(self._runner)
