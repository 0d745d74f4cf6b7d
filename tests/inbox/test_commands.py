"""``manage.py qstash_inbox``, and what ``manage.py check`` says of an inbox."""

import io
import json
import time
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import modify_settings, override_settings
from django.urls import path
from django.utils.decorators import method_decorator
from django.views import View

from qstash_integrations.django import verify_qstash
from qstash_integrations.django.checks import check_settings
from qstash_integrations.django.inbox.models import Mark
from qstash_integrations.django.inbox.pruning import prune, stats
from qstash_integrations.inbox import KEPT
from tests.django.project import urlconf
from tests.inbox.attempts import OPTIONS, attempt
from tests.inbox.shop import Shop, shipped

DAY = 86_400_000


def mark(number: int, at: int) -> None:
    Mark(token=f"{number:064}", message=f"{number:064}", at=at).save(force_insert=True)


def printed(*arguments: str) -> str:
    out = io.StringIO()
    call_command("qstash_inbox", *arguments, stdout=out)
    return out.getvalue().strip()


def test_old_marks_are_pruned_and_the_others_stay(shop: Shop) -> None:
    now = int(time.time() * 1000)
    for number, days in enumerate((44, 46, 47, 0)):
        mark(number, now - days * DAY)
    shown = {"marks": 4, "oldest_at": now - 47 * DAY, "newest_at": now, "prunable": 2}
    assert json.loads(printed("stats", "--json")) == shown
    assert printed("prune", "--kept", "60d") == "pruned: 0"
    assert json.loads(printed("prune", "--json")) == {"pruned": 2}
    assert printed("stats") == f"marks: 2, oldest at: {now - 44 * DAY}, newest at: {now}, prunable: 0"


def test_more_than_one_transaction_of_them_is_pruned(shop: Shop) -> None:
    Mark.objects.bulk_create(Mark(token=f"{number:064}", message=f"{number:064}", at=number) for number in range(1100))
    mark(1100, 100 * DAY)
    assert prune("default", KEPT, lambda: 100 * 86_400.0) == 1100
    assert Mark.objects.count() == 1


def test_a_clock_that_was_set_forward_forgets_nothing(shop: Shop) -> None:
    shop.serving()(attempt())
    assert prune("default", KEPT, lambda: time.time() + 10 * 365 * 86_400) == 0
    assert stats("default", KEPT, lambda: 1.0)["prunable"] == 0


def test_there_may_be_nothing(shop: Shop) -> None:
    assert json.loads(printed("stats", "--json")) == {"marks": 0, "oldest_at": None, "newest_at": None, "prunable": 0}
    assert printed("prune") == "pruned: 0"


def test_what_cannot_be_is_said(shop: Shop) -> None:
    with pytest.raises(CommandError, match="DATABASES has no such database"):
        printed("prune", "--database", "archive")
    with pytest.raises(CommandError, match="kept must be 2 days at least"):
        printed("prune", "--kept", "1h")
    with connection.schema_editor() as editor:
        editor.delete_model(Mark)
    with pytest.raises(CommandError, match="the database 'default' cannot be used"):
        printed("stats")


@method_decorator(verify_qstash(**OPTIONS, inbox="default"), name="dispatch")
class Hook(View):
    async def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("shipped")


def problems(view: Any) -> list[CheckMessage]:
    with override_settings(ROOT_URLCONF=urlconf(path("hooks/ship", view))):
        return check_settings()


def test_the_checks_find_what_would_fail() -> None:
    (found,) = problems(Hook.as_view())
    assert (found.id, found.msg[:30]) == ("qstash.E005", "inbox= is for plain views: Dja")
    (found,) = problems(verify_qstash(**OPTIONS, inbox="archive")(shipped))
    assert (found.id, found.msg) == ("qstash.E005", "inbox='archive': DATABASES has no such database")
    usual = verify_qstash(**OPTIONS, inbox="default")(shipped)
    assert problems(usual) == []
    with modify_settings(INSTALLED_APPS={"remove": "qstash_integrations.django.inbox"}):
        (found,) = problems(usual)
    assert found.msg == "inbox= needs its table: add 'qstash_integrations.django.inbox' to INSTALLED_APPS, and migrate"
