"""An async view on every path."""

from typing import Any

from django.http import HttpResponse
from django.urls import path, re_path

from qstash_integrations.django import verify_qstash
from tests.servers.apps import OPTIONS, RAN, handle
from tests.servers.apps.project.urls import show


@verify_qstash(**OPTIONS)
async def hook(request: Any) -> HttpResponse:
    return HttpResponse(handle(request.body, request.qstash_delivery), content_type="text/plain")


urlpatterns = [path(RAN[1:], show), re_path("", hook)]
