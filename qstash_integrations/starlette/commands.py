"""What commands know of a Starlette or FastAPI app: its publisher, if it has one, and else the environment's."""

from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from .._core.publishing.client import QStash
from .._core.receiving.guards import values_of_app
from .._core.settings.values import Settings
from ..verbs import App
from .listing import routes_of
from .mounts import apps_below

if TYPE_CHECKING:
    from ..doctor.place import Place
    from ..schedules.commands import Here


def about(outermost: object, app: Starlette) -> App:
    """``outermost`` is the app with what stands around it."""
    values = values_of_app(app)
    load: Any = Settings.load if values is None else values.load
    return App(
        client=partial(_client, app),
        load=load,
        routes=partial(routes_of, outermost),
        schedules=partial(_schedules, app),
        place=partial(_place, outermost, app),
    )


def _place(outermost: object, app: Starlette) -> "Place":
    from .place import place

    return place(app, outermost)


def _schedules(app: Starlette) -> "Here":
    # Pydantic is no part of the extra.
    from .schedules import here

    return here(app)


def _client(app: Starlette) -> QStash:
    inner = [one for one in apps_below(app) if isinstance(one, Starlette)]
    publisher = next((one.state.qstash for one in (app, *inner) if hasattr(one.state, "qstash")), None)
    return QStash() if publisher is None else publisher.sync
