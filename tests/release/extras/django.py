"""Extra ``django``: a view behind ``verify_qstash`` runs for a signed request alone; its commands are there."""

import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from qstash_integrations.testing import sign

URL = "https://testserver/ship"
settings.configure(
    ALLOWED_HOSTS=["testserver"],
    INSTALLED_APPS=["qstash_integrations.django", "qstash_integrations.django.outbox"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ROOT_URLCONF="__main__",
)
django.setup()

from qstash_integrations import current_delivery  # noqa: E402 - after Django is configured
from qstash_integrations.django import verify_qstash  # noqa: E402


@verify_qstash
def ship(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(current_delivery().json()["id"]))


urlpatterns = [path("ship", ship)]

client = Client()
sent = {"data": b'{"id": 3}', "content_type": "application/json", "secure": True}
assert client.post("/ship", **sent).status_code == 401
assert client.post("/ship", **sent, headers=sign(url=URL, body=b'{"id": 3}')).content == b"3"
call_command("check", stdout=sys.stderr)
call_command("migrate", verbosity=0)
call_command("qstash", "outbox", "stats", stdout=sys.stderr)
