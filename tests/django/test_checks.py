"""What ``manage.py check`` says before the first request does, and when it has nothing to say."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path
from django.utils.decorators import method_decorator
from django.views import View

from qstash_integrations.django import verify_qstash
from qstash_integrations.once import DjangoCacheStore, DjangoDatabaseStore
from tests.django.project import urlconf
from tests.django.shop import RECEIVER, ship, ship_async
from tests.signing import CURRENT, NEXT, ORIGIN

KEYS = {"CURRENT_SIGNING_KEY": CURRENT, "NEXT_SIGNING_KEY": NEXT}


@method_decorator(verify_qstash, name="dispatch")
class Ship(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("posted")


VERIFIED: dict[str, Any] = {
    "a view": path("a", verify_qstash(ship)),
    "an async view": path("a", verify_qstash(ship_async)),
    "a class": path("a", Ship.as_view()),
    "an included view": path("hooks/", include(([path("b/", include([path("a", verify_qstash(ship))]))], "shop"))),
}
OPEN = path("open", ship)


def found(pattern: Any = OPEN, **settings: Any) -> list[tuple[str, str]]:
    """Identifier and text of each message."""
    with override_settings(ROOT_URLCONF=urlconf(OPEN, pattern), **settings):
        return [(str(error.id), error.msg) for error in run_checks(tags=["qstash"])]


def found_at_deployment(pattern: Any = OPEN, **settings: Any) -> list[str]:
    """The identifiers of errors alone, which ``check --deploy`` fails with."""
    with override_settings(ROOT_URLCONF=urlconf(OPEN, pattern), **settings):
        shown = run_checks(tags=["qstash"], include_deployment_checks=True)
    return [str(error.id) for error in shown if error.is_serious()]


@pytest.mark.parametrize("pattern", VERIFIED.values(), ids=VERIFIED)
def test_H63_a_verified_view_needs_keys_and_a_public_url(pattern: Any) -> None:
    assert [error[0] for error in found(pattern)] == ["qstash.W001", "qstash.W002"]
    assert found_at_deployment(pattern) == ["qstash.E001", "qstash.E002"]
    assert found_at_deployment(pattern, QSTASH={**KEYS, "PUBLIC_URL": ORIGIN}) == []
    assert found(pattern, QSTASH=KEYS, ALLOWED_HOSTS=["api.example.com"]) == []
    assert found(pattern, QSTASH={**KEYS, "PUBLIC_URL": ORIGIN}) == []


NO_URL = (
    "qstash.W002",
    "QSTASH_PUBLIC_URL is not set; set it to the origin under which QStash calls this app, "
    "such as https://api.example.com",
)
NO_KEY = ("qstash.W001", "QSTASH_CURRENT_SIGNING_KEY is not set; copy it from the QStash console")
NO_NEXT_KEY = ("qstash.W001", "QSTASH_NEXT_SIGNING_KEY is not set; copy it from the QStash console")

SETTINGS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "nothing": ({}, []),
    "only what publishing needs": ({"QSTASH_TOKEN": "t", "QSTASH_URL": "https://qstash.upstash.io"}, []),
    "keys, no public URL": ({"QSTASH": KEYS}, [NO_URL]),
    "keys, any host": ({"QSTASH": KEYS, "ALLOWED_HOSTS": ["*"]}, [NO_URL]),
    "a public URL, no key": ({"QSTASH_PUBLIC_URL": ORIGIN}, [NO_KEY]),
    "one key": ({"QSTASH": {"CURRENT_SIGNING_KEY": CURRENT, "PUBLIC_URL": ORIGIN}}, [NO_NEXT_KEY]),
    "the published key": (
        {"QSTASH": {**KEYS, "NEXT_SIGNING_KEY": "sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs", "PUBLIC_URL": ORIGIN}},
        [
            (
                "qstash.E001",
                "QSTASH_NEXT_SIGNING_KEY is a published key of local development, with which anybody can sign; "
                "set QSTASH_URL to your local server, as qstash-integrations dev prints it, or copy your own keys "
                "from the QStash console",
            )
        ],
    ),
    "a region's key that is cut": (
        {
            "QSTASH": {
                **KEYS,
                "PUBLIC_URL": ORIGIN,
                "REGION": "US_EAST_1",
                "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY": "sig_short",
                "US_EAST_1_QSTASH_NEXT_SIGNING_KEY": NEXT,
            }
        },
        [
            (
                "qstash.E001",
                "US_EAST_1_QSTASH_CURRENT_SIGNING_KEY is a placeholder or cut short (under 20 characters); "
                "copy it from the QStash console",
            )
        ],
    ),
    "a public URL that is none": (
        {"QSTASH": {**KEYS, "PUBLIC_URL": "api.example.com"}},
        [
            (
                "qstash.E003",
                "QSTASH_PUBLIC_URL has no scheme (https:// or http://): 'api.example.com'; "
                "set it to the origin that QStash calls, such as https://api.example.com",
            )
        ],
    ),
    "neither True nor False": (
        {"QSTASH": {"ON_COMMIT": "yes"}},
        [("qstash.E003", "QSTASH_ON_COMMIT must be True or False, not 'yes'")],
    ),
    "a name that is unknown": (
        {"QSTASH": {"TOKENS": "secret"}},
        [("qstash.E003", "the dict QSTASH has no setting 'TOKENS'; did you mean 'TOKEN'?")],
    ),
}


@pytest.mark.parametrize(("settings", "errors"), SETTINGS.values(), ids=SETTINGS)
def test_settings_are_checked_when_verification_is_meant_to_work(
    settings: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    assert found(**settings) == errors


VIEWS: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "its own receiver": ({"receiver": RECEIVER}, [NO_URL]),
    "its own public URL": ({"public_url": ORIGIN}, [NO_KEY]),
    "both": ({"receiver": RECEIVER, "public_url": ORIGIN}, []),
    "no URL on purpose": ({"verify_url": False}, [NO_KEY]),
    "no URL of its own": ({"max_body_size": 100}, [NO_KEY, NO_URL]),
}


@pytest.mark.parametrize(("options", "errors"), VIEWS.values(), ids=VIEWS)
def test_what_a_view_brings_itself_need_not_be_set(options: dict[str, Any], errors: list[tuple[str, str]]) -> None:
    assert found(path("a", verify_qstash(**options)(ship))) == errors


CACHES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "enough entries": ("db.DatabaseCache", {"MAX_ENTRIES": 10_000}, []),
    "few entries": ("db.DatabaseCache", {}, ["qstash.E004"]),
    "of one process": ("locmem.LocMemCache", {"MAX_ENTRIES": 1_000_000}, ["qstash.E004"]),
    "none": ("dummy.DummyCache", {}, ["qstash.E004"]),
}


@pytest.mark.parametrize(("backend", "options", "errors"), CACHES.values(), ids=CACHES)
def test_S05_the_cache_that_views_claim_in_must_keep_what_it_is_given(
    backend: str, options: dict[str, Any], errors: list[str]
) -> None:
    verified = verify_qstash(receiver=RECEIVER, public_url=ORIGIN, once=DjangoCacheStore("claims"))
    hooks: Any = include([path("a", verified(ship)), path("b", verified(ship))])
    cache = {"BACKEND": f"django.core.cache.backends.{backend}", "LOCATION": "claims", "OPTIONS": options}
    shown = found(path("hooks/", hooks), CACHES={"claims": cache})
    assert [identifier for identifier, _ in shown] == errors


@pytest.mark.parametrize(("alias", "errors"), [("default", []), ("nowhere", ["qstash.E004"])])
def test_S05_the_database_that_views_claim_in_must_be_there(alias: str, errors: list[str]) -> None:
    verified = verify_qstash(receiver=RECEIVER, public_url=ORIGIN, once=DjangoDatabaseStore(alias))
    shown = found(path("a", verified(ship)))
    assert [identifier for identifier, _ in shown] == errors


def test_missing_keys_stop_the_check_of_a_deployment_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    # Django 6 checks the backends of tasks as well, whose URLs are not there.
    silenced = ["security.W001", "qstash_tasks.E002"]
    with override_settings(ROOT_URLCONF=urlconf(VERIFIED["a view"]), SILENCED_SYSTEM_CHECKS=silenced):
        with pytest.raises(SystemCheckError, match=r"qstash\.E001.*QSTASH_CURRENT_SIGNING_KEY is not set"):
            call_command("check", deploy=True)
        for command, options in (("check", {}), ("migrate", {"skip_checks": False})):
            call_command(command, **options)
            assert "(qstash.W001) QSTASH_CURRENT_SIGNING_KEY is not set" in capsys.readouterr().err
        # collectstatic runs the checks of this tag alone.
        assert run_checks(tags=["staticfiles"]) == []


def test_a_project_without_urls_is_checked_by_its_settings_alone() -> None:
    with override_settings(ROOT_URLCONF=None, QSTASH=KEYS):
        assert [error.id for error in run_checks(tags=["qstash"])] == ["qstash.W002"]
