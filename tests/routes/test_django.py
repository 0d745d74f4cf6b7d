"""Routes of Django: functions, classes, includes, tasks."""

from types import ModuleType
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from rest_framework.views import APIView

from qstash_integrations.django import verify_qstash
from qstash_integrations.django.listing import routes_of
from qstash_integrations.tasks import task
from tests.django.project import urlconf
from tests.routes.shown import lines


@task(name="shop.ship")
def ship(order_id: int) -> None: ...


def view(request: HttpRequest, **path: Any) -> HttpResponse:
    return HttpResponse()


@method_decorator(verify_qstash, name="dispatch")
class Things(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse()


class Rest(APIView):
    def post(self, request: Any) -> HttpResponse:
        return HttpResponse()


def listed(*patterns: Any) -> Any:
    urls: ModuleType = urlconf(*patterns)
    return routes_of(urls)  # type: ignore[arg-type]


def test_views_of_all_kinds_are_told_from_open_ones() -> None:
    found = listed(
        path("", view),
        path("hooks/", include([path("ship/<int:n>", verify_qstash(view)), re_path(r"^old/(?P<n>\d+)$", view)])),
        path("things", Things.as_view()),
    )
    assert lines(found) == [
        "any / open",
        "any /hooks/ship/<int:n> endpoint",
        "any /hooks/old/(?P<n>\\d+) open",
        "POST /things endpoint",
    ]


def test_the_tasks_of_this_package_and_of_django_are_shown_where_they_are_included() -> None:
    with override_settings(QSTASH_TASKS=[ship]):
        found = listed(path("qstash/", include("qstash_integrations.django.urls")))
    assert lines(found)[:2] == [
        "POST /qstash/tasks/shop.ship endpoint task shop.ship",
        "POST /qstash/django/<str:name> endpoint task *",
    ]
    assert all(route.verification for route in found)


def test_the_url_is_built_on_the_public_url_or_the_allowed_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    (one,) = listed(path("ship", verify_qstash(view)))
    assert one.urls == ("https://api.example.com/ship",)
    monkeypatch.delenv("QSTASH_PUBLIC_URL")
    with override_settings(ALLOWED_HOSTS=["shop.example"], FORCE_SCRIPT_NAME="/app"):
        (one,) = listed(path("ship", verify_qstash(view)))
    assert one.urls == ("https://shop.example/app/ship",)


def test_an_exemption_from_csrf_protection_is_told_but_not_that_of_rest_framework() -> None:
    exempt, rest, plain = listed(path("a", csrf_exempt(view)), path("b", Rest.as_view()), path("c", view))
    assert [exempt.csrf_exempt, rest.csrf_exempt, plain.csrf_exempt] == [True, False, False]
