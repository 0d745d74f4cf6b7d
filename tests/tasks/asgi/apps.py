"""The three ways in which an event loop serves tasks, each as an app; their tests are the same."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette

import qstash_integrations.fastapi
import qstash_integrations.starlette
from qstash_integrations.tasks import TasksApp
from tests.signing import ORIGIN
from tests.tasks.asgi.calls import RECEIVER

OPTIONS: dict[str, Any] = {"receiver": RECEIVER, "public_url": ORIGIN}


def asgi(tasks: object, **options: Any) -> Any:
    options.pop("tasks_path", None)  # it has none: whoever mounts it decides
    return TasksApp(tasks, **{**OPTIONS, **options})


def starlette(tasks: object, **options: Any) -> Any:
    app = Starlette()
    qstash_integrations.starlette.QStash(app, tasks=tasks, **{**OPTIONS, **options})
    return app


def fastapi(tasks: object, **options: Any) -> Any:
    app = FastAPI()
    qstash_integrations.fastapi.QStash(app, tasks=tasks, **{**OPTIONS, **options})
    return app


MOUNTS: dict[str, Callable[..., Any]] = {"asgi": asgi, "starlette": starlette, "fastapi": fastapi}
