"""A shop in three frameworks: what ``--app tests.verbs.shop:app`` and its kin name. Nothing here is QStash's."""

import atexit
from tempfile import TemporaryDirectory
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from fastapi import Depends, FastAPI
from flask import Flask
from sqlalchemy import MetaData, create_engine

from qstash_integrations.django import verify_qstash as verified_by_django
from qstash_integrations.fastapi import QStash as FastAPIQStash
from qstash_integrations.fastapi import verify_qstash as verified_by_fastapi
from qstash_integrations.flask import QStash as FlaskQStash
from qstash_integrations.flask import verify_qstash as verified_by_flask
from qstash_integrations.sqlalchemy import Inbox, Outbox
from qstash_integrations.tasks import schedule

ORIGIN = "https://testserver"
HOOK = f"{ORIGIN}/hooks/ship"
DAILY = schedule("daily", "0 7 * * *", destination=HOOK)

_directory = TemporaryDirectory()
atexit.register(_directory.cleanup)
engine = create_engine(f"sqlite:///{_directory.name}/shop.db")
metadata = MetaData()
outbox = Outbox(metadata, engine=engine)
inbox = Inbox(metadata, engine=engine)


def flask_app() -> Flask:
    made = Flask("tests.verbs.shop")
    FlaskQStash(made, schedules=[DAILY])

    @made.post("/hooks/ship")
    @verified_by_flask
    def ship() -> str:
        return "shipped"

    @made.post("/webhooks/qstash")
    def forgotten() -> str:
        return "for everybody"

    return made


def fastapi_app() -> FastAPI:
    made = FastAPI()
    FastAPIQStash(made, schedules=[DAILY])

    @made.post("/hooks/ship", dependencies=[Depends(verified_by_fastapi)])
    def ship() -> str:
        return "shipped"

    @made.post("/webhooks/qstash")
    def forgotten() -> str:
        return "for everybody"

    return made


@verified_by_django
def _ship(request: HttpRequest) -> HttpResponse:
    return HttpResponse("shipped")


@csrf_exempt
def _forgotten(request: HttpRequest) -> HttpResponse:
    return HttpResponse("for everybody")


DJANGO: list[Any] = [path("hooks/ship", _ship), path("webhooks/qstash", _forgotten)]
app = fastapi_app()
metadata.create_all(engine)
