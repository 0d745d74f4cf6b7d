"""``QStash(app)`` for FastAPI: that of Starlette, whose tasks have dependencies."""

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import BaseRoute

from .. import starlette
from .._core.app_options import TasksGiven


class QStash(starlette.QStash):
    __doc__ = starlette.QStash.__doc__
    _framework = "fastapi"

    def _routes_of(self, app: Starlette, given: TasksGiven) -> list[BaseRoute]:
        if not isinstance(app, FastAPI):
            return super()._routes_of(app, given)
        from .tasks import routes_of

        return routes_of(app, given)
