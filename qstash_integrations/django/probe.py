"""The doctor's probe: a verified view that does nothing, among the urls of this package.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.views.decorators.http import require_POST

from .._core.receiving.options import Wanted
from .._core.receiving.probe import facts_of
from .body import head_of
from .decorators import behind, guard_of
from .response import response_of

NAME = "probe"
_WANTED = Wanted(options={"of_probe": True})


def patterns(path: str) -> list[URLPattern]:
    """For POST to the path, and to whatever is below it."""
    base = re.escape(path.removeprefix("/"))
    view = require_POST(_verified)
    # The names that Django looks for on a view are those of the verified one.
    return [re_path(rf"^{base}\Z", view, name=NAME), re_path(rf"^{base}/(?P<rest>[\s\S]*)\Z", view)]


def _probe(request: HttpRequest, rest: str = "") -> HttpResponse:
    delivery: Any = getattr(request, "qstash_delivery")  # noqa: B009 - which no type of Django's has
    return response_of(facts_of(head_of(request), delivery, "django"))


_verified = behind(_probe, guard_of(_WANTED), _WANTED)
