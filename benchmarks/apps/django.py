import django
import qstash.errors
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from .. import tokens

settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, LOGGING_CONFIG=None, MIDDLEWARE=[])
django.setup()

from qstash_integrations.django import verify_qstash  # noqa: E402 - needs the settings

receiver = tokens.official()
URL = f"{tokens.ORIGIN}/official"


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


bare = ours = official = WSGIHandler()
urlpatterns = [path("bare", hook), path("ours", hook_with_ours), path("official", hook_with_official)]
