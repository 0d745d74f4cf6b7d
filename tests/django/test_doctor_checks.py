"""``manage.py check`` says what the doctor finds of the settings and the URLconf, by the doctor's numbers, and once."""

from functools import wraps
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings
from django.urls import path

from qstash_integrations.django import verify_qstash
from tests.django.project import urlconf
from tests.django.shop import ship
from tests.signing import CURRENT, NEXT, ORIGIN

GOOD = {"CURRENT_SIGNING_KEY": CURRENT, "NEXT_SIGNING_KEY": NEXT, "PUBLIC_URL": ORIGIN, "TOKEN": "a-token"}
LOGIN = {
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.auth.middleware.LoginRequiredMiddleware",
    ],
}


def audited(view: Any) -> Any:
    @wraps(view)
    def inner(request: Any) -> Any:
        return view(request)

    inner.login_required = True  # type: ignore[attr-defined]
    return inner


FOUND: dict[str, tuple[dict[str, str], str, str]] = {
    "a line end behind the token": ({"TOKEN": "a-token\n"}, "qstash.W102", "remove the line end"),
    "a blank in the token": ({"TOKEN": "a token"}, "qstash.E103", "copy it again"),
    "twice the same key": ({"NEXT_SIGNING_KEY": CURRENT}, "qstash.W114", "copy the next signing key"),
    "what the settings refuse, once": ({"TOKEN": "'a-token'"}, "qstash.E003", ""),
    "what verification refuses, once": ({"CURRENT_SIGNING_KEY": f"{CURRENT} "}, "qstash.E001", ""),
    "wildcards alone": ({"PUBLIC_URL": "https://*.example.com"}, "qstash.W132", "add the origin"),
}


def said(view: Any, changed: dict[str, str], **settings: Any) -> list[tuple[str, str]]:
    with override_settings(ROOT_URLCONF=urlconf(path("ship", view)), QSTASH={**GOOD, **changed}, **settings):
        return [(str(found.id), found.hint or "") for found in run_checks(tags=["qstash"])]


@pytest.mark.parametrize("fault", FOUND)
def test_a_finding_is_a_check_with_its_remedy(fault: str) -> None:
    changed, expected, remedy = FOUND[fault]
    ((number, hint),) = said(verify_qstash(ship), changed)
    assert number == expected
    assert remedy in hint


def test_a_login_in_front_of_a_verified_view_is_one() -> None:
    ((number, hint),) = said(audited(verify_qstash(ship)), {}, **LOGIN)
    assert (number, "login_not_required" in hint) == ("qstash.E203", True)


def test_a_verified_view_needs_no_login() -> None:
    assert said(verify_qstash(ship), {}, **LOGIN) == []
