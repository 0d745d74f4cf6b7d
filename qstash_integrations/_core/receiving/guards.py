"""Which guard a request meets: that of its endpoint, with the values of its app where that was given some.

An app is found at request time, as ``scope["app"]``, so that ``QStash(app, ...)`` may be called after the endpoints
were written. What is made of its values is kept with the app, and goes with it.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..settings.from_settings import FromSettings
from ..settings.values import Settings
from .guard import Guard
from .options import Wanted, guard_from_settings, load_given

_ATTRIBUTE = "qstash_values"
_DEEPEST = 64  # nobody puts as many middlewares around each other; what refers to itself ends there
VALUES = "qstash_integrations.values"
"""Where an app leaves its values in a scope, for what it mounts."""


class Guards:
    """The guards of one use of verification: one of its own, and one for each app that was given values."""

    __slots__ = ("of_environment", "wanted")

    def __init__(self, wanted: Wanted) -> None:
        self.wanted: Wanted = wanted
        self.of_environment: FromSettings[Guard] = guard_from_settings(wanted)
        """For requests to apps that were given nothing."""

    def of(self, scope: Mapping[str, Any], behind: Iterable[object] = ()) -> FromSettings[Guard]:
        """The guard of a request: with the values of the app that it came to, or else of the nearest one around it.

        ``behind`` are the apps behind a middleware, which are not in the scope yet where that was put around them.
        """
        values: AppValues | None = getattr(scope.get("app"), _ATTRIBUTE, None) or scope.get(VALUES)
        for app in behind:
            values = getattr(app, _ATTRIBUTE, values)
        return self.within(values)

    def within(self, values: "AppValues | None") -> FromSettings[Guard]:
        return self.of_environment if values is None else values.guard_of(self)


class AppValues:
    """What an app was given, and the guards that are made of it. Its repr shows no value."""

    __slots__ = ("_guards", "wanted")

    def __init__(self, wanted: Wanted) -> None:
        self.wanted: Wanted = wanted
        self._guards: dict[Guards, FromSettings[Guard]] = {}

    def load(self) -> Settings:
        return load_given(*self.wanted.given)

    def guard_of(self, guards: Guards) -> FromSettings[Guard]:
        made = self._guards.get(guards)
        if made is None:
            made = self._guards[guards] = guard_from_settings(guards.wanted.within(self.wanted))
        return made


def apps_behind(app: object) -> Iterator[object]:
    """An app, and if it is middleware those that it is put around: its ``app`` with Starlette, its ``_app`` with us."""
    for _ in range(_DEEPEST):
        if app is None:
            return
        yield app
        app = getattr(app, "app", None) or getattr(app, "_app", None)


def give_values(app: object, values: AppValues) -> None:
    """Keep them on the app."""
    setattr(app, _ATTRIBUTE, values)


def values_of_app(app: object) -> AppValues | None:
    """None for an app that was given nothing."""
    return getattr(app, _ATTRIBUTE, None)


def check_guard(holder: object, values: AppValues | None = None) -> None:
    """ConfigurationError for what a verified handler lacks: for the start of an app."""
    guards = getattr(holder, "qstash_guard", None)
    if isinstance(guards, Guards):
        guards.within(values)()
