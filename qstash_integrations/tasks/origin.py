"""Where calls are published from: the app that is running, or else what the environment says.

Each adapter says how its running app is found. Without one, in a script, a cron job or another system's worker,
QSTASH_TASKS_URL or QSTASH_PUBLIC_URL says where the tasks are served, and there is one client per process.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._core.app_options import TASKS_PATH
from .._core.errors import ConfigurationError
from .._core.origins import running_origin
from .._core.public_urls import join_public_url
from .._core.publishing.client import AsyncQStash, QStash
from .._core.publishing.discreet import discreet
from .._core.settings.values import Settings

if TYPE_CHECKING:
    from .._core.publishing.results.published import PublishResponse

ELSEWHERE = "name its module in QStash(app, tasks=...), or set QSTASH_TASKS_URL to where another app serves it"
"""What to do about a task that an app does not serve."""
NOT_HERE = f"this app serves: {ELSEWHERE}"
NO_TASKS_URL = (
    "QSTASH_TASKS_URL and QSTASH_PUBLIC_URL are not set; set QSTASH_PUBLIC_URL to the origin under which QStash calls "
    "the app with tasks=, such as https://api.example.com, or QSTASH_TASKS_URL to where it serves them"
)


@discreet
@dataclass(frozen=True, slots=True)
class Origin:
    """What calls are published with. The functions are asked at each use."""

    task_url: Callable[[str], str]
    """The URL of a task by its name, without a query; ConfigurationError that says what to set."""
    client: Callable[[], QStash]
    aclient: Callable[[], AsyncQStash]

    def publish(self, messages: Sequence[Any]) -> "list[PublishResponse]":
        """One message, perhaps with a queue, or several in one batch."""
        client: Any = self.client()
        if len(messages) != 1:
            return list(client.batch(messages)) if messages else []
        (message,) = messages
        return [client.enqueue(message) if message.get("queue") else client.publish(message)]

    async def apublish(self, messages: Sequence[Any]) -> "list[PublishResponse]":
        """``publish`` for ``async`` code."""
        client: Any = self.aclient()
        if len(messages) != 1:
            return list(await client.batch(messages)) if messages else []
        (message,) = messages
        return [await (client.enqueue(message) if message.get("queue") else client.publish(message))]


class Outgoing:
    """Messages for somebody else to publish, in a thread or after a commit. Prints none of them."""

    __slots__ = ("_messages", "_origin")

    def __init__(self, origin: Origin, messages: Sequence[Any]) -> None:
        self._origin = origin
        self._messages = messages

    def publish(self) -> "list[PublishResponse]":
        return self._origin.publish(self._messages)


def origin() -> Origin:
    """That of the app that is running, or of the environment."""
    found: Origin | None = running_origin()
    return ENVIRONMENT if found is None else found


def tasks_url(settings: Settings, path: str = TASKS_PATH) -> str:
    """Below what an app with these settings, and its tasks at ``path``, serves them; no slash at its end.

    ConfigurationError that names both settings where neither is there.
    """
    if settings.tasks_url:
        return settings.tasks_url
    bases = settings.public_url
    if not bases:
        raise ConfigurationError(NO_TASKS_URL)
    return join_public_url(bases, path)


def url_elsewhere(settings: Settings, name: str, not_here: str = "") -> str:
    """Of a task that the running app does not serve; ``not_here`` says so where it serves others.

    Only QSTASH_TASKS_URL tells where those are that such an app lacks: ConfigurationError without it.
    """
    if not_here and not settings.tasks_url:
        raise ConfigurationError(f"{name} is none of the tasks that {not_here}")
    return f"{tasks_url(settings)}/{name}"


def _task_url(name: str) -> str:
    return url_elsewhere(Settings.load(), name)


_sync = QStash.from_settings(Settings.load)
_async = AsyncQStash.from_settings(Settings.load)
ENVIRONMENT = Origin(_task_url, lambda: _sync, lambda: _async)
