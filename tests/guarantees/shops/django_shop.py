"""The shop in Django, with its outbox and its inbox."""

import json
import os
from contextlib import suppress

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.guarantees.shops.django_settings"
django.setup()

from django.core.management import call_command, execute_from_command_line  # noqa: E402 - after Django is configured
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from qstash_integrations.django import qstash, verify_qstash  # noqa: E402
from tests.guarantees.shops.given import EFFECT, OPTIONS, ORDER, Fate, Meanwhile, RolledBack, hook_url, nothing  # noqa: E402


def create_tables() -> None:
    call_command("migrate", verbosity=0)


def relay(*options: str) -> None:
    execute_from_command_line(["manage.py", "qstash", "outbox", "relay", *options])


def order(number: int, fate: Fate, meanwhile: Meanwhile = nothing, committed: Meanwhile = nothing) -> None:
    with suppress(RolledBack), transaction.atomic():
        with suppress(RolledBack), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(ORDER.format(number))
            transaction.on_commit(committed)
            qstash.outbox.publish_json(url=hook_url(), body={"number": number}, **OPTIONS)
            if fate == "savepoint":
                raise RolledBack
        meanwhile()
        if fate == "rollback":
            raise RolledBack


@csrf_exempt
def orders(request: HttpRequest, number: int, fate: Fate) -> HttpResponse:
    order(number, fate)
    return HttpResponse()


@verify_qstash(inbox="default")
def hook(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(EFFECT.format(json.loads(request.body)["number"]))
    return HttpResponse()


urlpatterns = [path("orders/<int:number>/<fate>", orders), path("hook", hook)]
app = get_wsgi_application()
