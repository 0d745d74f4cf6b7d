"""Where an app publishes calls of tasks: by its publisher, to where it serves the task.

Spec: https://flask.palletsprojects.com/en/stable/appcontext/
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from flask import Flask

from .._core.publishing.client import AsyncQStash
from .._core.settings.from_settings import FromSettings
from ..tasks.origin import NOT_HERE, Origin, Outgoing, url_elsewhere
from .conf import config_of, given_to, load
from .publisher import public_url

if TYPE_CHECKING:
    from .._core.publishing.results.published import PublishResponse

_SERVED = "qstash_tasks"
_ASYNC = "qstash_async"


class Served(NamedTuple):
    """The tasks of an app."""

    base: str
    """The path of the app below which they are."""
    names: Collection[str]


@dataclass(frozen=True, slots=True)
class FlaskOrigin(Origin):
    """Its one publisher waits: for async code it does so in a thread."""

    async def apublish(self, messages: Sequence[Any]) -> "list[PublishResponse]":
        outgoing = Outgoing(self, messages)
        del messages  # error trackers print the locals of raising frames
        return await asyncio.to_thread(outgoing.publish)


def note_served(app: Flask, served: Served) -> None:
    app.extensions[_SERVED] = served


def origin_of(app: Flask) -> Origin:
    return FlaskOrigin(partial(_task_url, app), lambda: app.extensions["qstash"], partial(_async_client, app))


def _task_url(app: Flask, name: str) -> str:
    served = cast("Served | None", app.extensions.get(_SERVED))
    if served is not None and name in served.names:
        return public_url(app, f"{served.base}/{name}")
    return url_elsewhere(load(app), name, NOT_HERE if served is not None else "")


def _async_client(app: Flask) -> AsyncQStash:
    made = cast("AsyncQStash | None", app.extensions.get(_ASYNC))
    if made is None:
        settings = partial(load, app)
        manner = FromSettings(lambda _: given_to(app).manner(config_of(app)).without_client(), settings)
        made = app.extensions[_ASYNC] = AsyncQStash.from_settings(settings, manner)
    return made
