"""The app that a command is about: its own client and settings, and what it has of routes, schedules and outboxes."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .._core.errors import ConfigurationError

if TYPE_CHECKING:
    from .._core.publishing.client import QStash
    from .._core.settings.values import Settings
    from ..doctor.place import Place
    from ..outbox.here import Here as OutboxHere
    from ..routes import Route
    from ..schedules.commands import Here as SchedulesHere

NO_APP = (
    "there is no app here; name yours, as in --app shop.main:app (in a Django project set DJANGO_SETTINGS_MODULE "
    "instead)"
)


# These take most of the time that it takes to start, and many commands have no use for them.
def _client() -> "QStash":
    from .._core.publishing.client import QStash

    return QStash()


def _load() -> "Settings":
    from .._core.settings.values import Settings

    return Settings.load()


def _no_app() -> Any:
    raise ConfigurationError(NO_APP)


def outbox_beside(module: ModuleType | None, name: str | None) -> "OutboxHere":
    """By the name that ``--outbox`` gives it, else the only one in the module of the app."""
    from ..outbox import finding

    return finding.outbox_beside(module, name)


def _outbox_named(name: str | None) -> "OutboxHere":
    return outbox_beside(None, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Made of functions, since a command needs little of it and pays for that alone."""

    client: Callable[[], "QStash"] = _client
    """Its publisher, with its settings."""
    load: Callable[[], "Settings"] = _load
    routes: Callable[[], "list[Route]"] = _no_app
    schedules: Callable[[], "SchedulesHere"] = _no_app
    place: Callable[[], "Place"] = _no_app
    """What the doctor looks at."""
    outbox: Callable[[str | None], "OutboxHere"] = _outbox_named
    """By the name that ``--outbox`` gives it."""
