from collections.abc import Callable
from typing import Any

import django
import qstash.errors
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .. import tokens
from ..verify import hash_and_parse

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, LOGGING_CONFIG=None, MIDDLEWARE=[])
django.setup()

from qstash_integrations.django import verify_qstash  # noqa: E402 - needs the settings

receiver = tokens.official()
URL = f"{tokens.ORIGIN}/official"


class App(WSGIHandler):
    """An app with one view, though a process has one project: Django tries the routes of a project in turn."""

    def __init__(self, side: str, view: Callable[..., Any]) -> None:
        super().__init__()
        self._urls = (path(side, view),)

    def get_response(self, request: Any) -> Any:
        request.urlconf = self._urls
        return super().get_response(request)


@csrf_exempt
def hook(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


@verify_qstash(receiver=tokens.ours(), public_url=tokens.ORIGIN)
def hook_with_ours(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(len(request.body)))


@csrf_exempt
def hook_with_official(request: HttpRequest) -> HttpResponse:
    try:
        receiver.verify(body=request.body.decode(), signature=request.headers["upstash-signature"], url=URL)
    except qstash.errors.SignatureError:
        return HttpResponse(status=401)
    return HttpResponse(str(len(request.body)))


@csrf_exempt
def hook_with_floor(request: HttpRequest) -> HttpResponse:
    hash_and_parse(request.META["HTTP_UPSTASH_SIGNATURE"], request.body, [tokens.CURRENT])
    return HttpResponse(str(len(request.body)))


bare, ours = App("bare", hook), App("ours", hook_with_ours)
official, floor = App("official", hook_with_official), App("floor", hook_with_floor)
urlpatterns: list[Any] = []
