"""Where a project has included our views: under whatever path, namespace, language and script name."""

from types import ModuleType
from typing import Any

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path, set_script_prefix, set_urlconf
from django.utils import translation

from qstash_integrations.django.reversing import URLS, included, public_url
from tests.django.project import urlconf


def serve(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(name)


def ours() -> ModuleType:
    """Of the same name as the module of ours, and with one view whatever is installed."""
    module = ModuleType(URLS)
    module.app_name = "qstash"  # type: ignore[attr-defined]
    module.urlpatterns = [path("served/<str:name>", serve, name="served")]  # type: ignore[attr-defined]
    return module


PLACES: dict[str, tuple[list[Any], str]] = {
    "below a path": ([path("qstash/", include(ours()))], "/qstash/served/a.b"),
    "at the root": ([path("", include(ours()))], "/served/a.b"),
    "under a namespace of the project's choice": (
        [path("q/", include(ours(), namespace="hooks"))],
        "/q/served/a.b",
    ),
    "within another namespace": (
        [path("api/", include(([path("v1/", include(ours()))], "api")))],
        "/api/v1/served/a.b",
    ),
    "within a plain include": ([path("api/", include([path("v1/", include(ours()))]))], "/api/v1/served/a.b"),
    "twice": ([path("a/", include(ours())), path("b/", include(ours(), namespace="b"))], "/a/served/a.b"),
    "below a language": (i18n_patterns(path("qstash/", include(ours()))), "/en/qstash/served/a.b"),
    "below a language that has no prefix": (
        i18n_patterns(path("qstash/", include(ours())), prefix_default_language=False),
        "/qstash/served/a.b",
    ),
}


@pytest.mark.parametrize(("patterns", "expected"), PLACES.values(), ids=PLACES)
def test_the_include_is_found_wherever_it_stands(patterns: list[Any], expected: str) -> None:
    with override_settings(ROOT_URLCONF=urlconf(*patterns), LANGUAGE_CODE="en"), translation.override("de"):
        assert included("served", name="a.b") == expected


def test_without_the_include_there_is_no_path() -> None:
    with override_settings(ROOT_URLCONF=urlconf(path("hooks/<str:name>", serve))):
        assert included("served", name="a.b") is None


def test_the_urls_of_the_running_request_count_where_the_root_has_none() -> None:
    set_urlconf(urlconf(path("of-a-host/", include(ours()))))
    try:
        assert included("served", name="a.b") == "/of-a-host/served/a.b"
        with override_settings(ROOT_URLCONF=urlconf(path("qstash/", include(ours())))):
            assert included("served", name="a.b") == "/qstash/served/a.b"
    finally:
        set_urlconf(None)


def test_an_include_below_a_pattern_with_arguments_is_an_error_that_says_so() -> None:
    patterns = urlconf(path("<slug:tenant>/qstash/", include(ours())))
    with override_settings(ROOT_URLCONF=patterns), pytest.raises(ImproperlyConfigured, match="pattern with arguments"):
        included("served", name="a.b")


@pytest.mark.parametrize(
    ("base", "expected"),
    {
        "https://api.example.com": "https://api.example.com/shop/qstash/served/a.b",
        "https://api.example.com/front": "https://api.example.com/front/qstash/served/a.b",
    }.items(),
)
def test_a_script_name_is_in_the_url_unless_the_public_url_has_a_path(base: str, expected: str) -> None:
    patterns = urlconf(path("qstash/", include(ours())))
    set_script_prefix("/shop")
    try:
        with override_settings(ROOT_URLCONF=patterns, QSTASH_PUBLIC_URL=base, FORCE_SCRIPT_NAME="/shop"):
            path_ = included("served", name="a.b")
            assert path_ is not None
            assert public_url(path_) == expected
    finally:
        set_script_prefix("/")
