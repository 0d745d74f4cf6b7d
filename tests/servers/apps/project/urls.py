"""A plain view on every path."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from qstash_integrations.django import verify_qstash
from tests.servers.apps import OPTIONS, RAN, handle, ran


def show(request: HttpRequest) -> HttpResponse:
    return HttpResponse(ran(), content_type="text/plain")


@verify_qstash(**OPTIONS)
def hook(request: Any) -> HttpResponse:
    return HttpResponse(handle(request.body, request.qstash_delivery), content_type="text/plain")


urlpatterns = [path(RAN[1:], show), re_path("", hook)]
