# Made of _async/resources.py by tools/unasync.py: change that one, and run it.
"""Everything that can be asked of QStash, resource by resource, as properties of the client."""

from .dlq import DlqApi
from .flow_control import FlowControlApi
from .log import LogApi
from .message import MessageApi, MessageVerbs
from .queue import QueueApi
from .schedule import ScheduleApi
from .signing_key import SigningKeyApi
from .url_group import UrlGroupApi


class Resources(MessageVerbs):
    """The verbs that publish, and the resources under the official SDK's names."""

    __slots__ = ()

    @property
    def message(self) -> MessageApi:
        """Messages: publish, enqueue, batch, get, cancel."""
        return MessageApi(self._runner)

    @property
    def queue(self) -> QueueApi:
        """Queues: upsert, get, list, delete, pause, resume."""
        return QueueApi(self._runner)

    @property
    def schedule(self) -> ScheduleApi:
        """Schedules: create, get, list, delete, pause, resume."""
        return ScheduleApi(self._runner)

    @property
    def url_group(self) -> UrlGroupApi:
        """URL groups: upsert and remove endpoints, get, list, delete."""
        return UrlGroupApi(self._runner)

    @property
    def dlq(self) -> DlqApi:
        """The dead letter queue: list, get, delete, retry."""
        return DlqApi(self._runner)

    @property
    def log(self) -> LogApi:
        """What happened to messages: list."""
        return LogApi(self._runner)

    @property
    def signing_key(self) -> SigningKeyApi:
        """The signing keys: get, rotate."""
        return SigningKeyApi(self._runner)

    @property
    def flow_control(self) -> FlowControlApi:
        """Flow-control keys: get, list, pause, resume, pin, unpin, reset the rate."""
        return FlowControlApi(self._runner)
