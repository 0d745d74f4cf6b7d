"""What is said of the form of settings, by what a shell has in its environment."""

import json
from types import ModuleType
from typing import Any

import pytest

from qstash_integrations import cli
from qstash_integrations._core.settings.environment import settings_changed
from tests.django.project import configure

configure()

KEYS = {
    "QSTASH_CURRENT_SIGNING_KEY": "sig_aBcDeFgHiJkLmNoPqRsT1234",
    "QSTASH_NEXT_SIGNING_KEY": "sig_uVwXyZ0123456789aBcDeFgH",
}
GOOD = {"QSTASH_TOKEN": "a-token", "QSTASH_PUBLIC_URL": "https://api.example.com", **KEYS}
DEV_KEY = "sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r"

FAULTS: dict[str, tuple[dict[str, str | None], str]] = {
    "a quoted key": ({"QSTASH_CURRENT_SIGNING_KEY": '"sig_aBcDeFgHiJkLmNoPqRsT1234"'}, "Q101"),
    "a quoted token": ({"QSTASH_TOKEN": "'a-token'"}, "Q101"),
    "a line end within a key": ({"QSTASH_NEXT_SIGNING_KEY": "sig_uVwXyZ01234\n56789aBcDeFgH"}, "Q102"),
    "a line end behind a token": ({"QSTASH_TOKEN": "a-token\n"}, "Q102"),
    "a blank in a key": ({"QSTASH_NEXT_SIGNING_KEY": "sig_uVwXyZ0123 456789aBcDeFgH"}, "Q103"),
    "no keys": (dict.fromkeys(KEYS), "Q110"),
    "a placeholder": ({"QSTASH_CURRENT_SIGNING_KEY": "your_current_signing_key_here"}, "Q111"),
    "one key": ({"QSTASH_NEXT_SIGNING_KEY": None}, "Q112"),
    "a key of local development": ({"QSTASH_CURRENT_SIGNING_KEY": DEV_KEY}, "Q113"),
    "twice the same key": ({"QSTASH_NEXT_SIGNING_KEY": KEYS["QSTASH_CURRENT_SIGNING_KEY"]}, "Q114"),
    "the version in the API's address": ({"QSTASH_URL": "https://qstash.upstash.io/v2"}, "Q121"),
    "no public URL": ({"QSTASH_PUBLIC_URL": None}, "Q130"),
    "a slash behind the public URL": ({"QSTASH_PUBLIC_URL": "https://api.example.com/"}, "Q131"),
    "a wildcard that takes in others": ({"QSTASH_PUBLIC_URL": "https://*.com"}, "Q132"),
    "a public URL of this machine": ({"QSTASH_PUBLIC_URL": "http://localhost:8000"}, "Q134"),
    "a public URL without TLS": ({"QSTASH_PUBLIC_URL": "http://api.example.com"}, "Q135"),
}


def _flask() -> Any:
    from flask import Flask

    from qstash_integrations.flask import QStash, verify_qstash

    app = Flask("shop")
    QStash(app)
    app.add_url_rule("/hooks/ship", view_func=verify_qstash(_ship), methods=["POST"])
    return app


def _starlette() -> Any:
    from starlette.applications import Starlette
    from starlette.routing import Route

    from qstash_integrations.starlette import QStash, verify_qstash

    async def ship(request: Any) -> Any: ...

    app = Starlette(routes=[Route("/hooks/ship", verify_qstash(ship), methods=["POST"])])
    QStash(app)
    return app


def _fastapi() -> Any:
    from fastapi import APIRouter, FastAPI

    from qstash_integrations.fastapi import QStash, VerifiedRoute

    router = APIRouter(route_class=VerifiedRoute)
    router.post("/hooks/ship")(_ship)
    app = FastAPI()
    app.include_router(router)
    QStash(app)
    return app


def _aiohttp() -> Any:
    from aiohttp import web

    from qstash_integrations.aiohttp import add_probe, verify_qstash

    @verify_qstash
    async def ship(request: web.Request) -> web.Response:
        return web.Response()

    app = web.Application()
    app.router.add_post("/hooks/ship", ship)
    add_probe(app)
    return app


def _ship() -> str:
    return "shipped"


APPS = {"flask": _flask, "starlette": _starlette, "fastapi": _fastapi, "aiohttp": _aiohttp, "django": None}


def _in_django(*arguments: str) -> int:
    from django.core.management import call_command
    from django.test import override_settings
    from django.urls import include, path

    from qstash_integrations.django import verify_qstash
    from tests.django.project import urlconf
    from tests.django.shop import ship

    routes = urlconf(
        path("hooks/ship", verify_qstash(ship)), path("qstash/", include("qstash_integrations.django.urls"))
    )
    with override_settings(ROOT_URLCONF=routes, ALLOWED_HOSTS=["*"]):
        try:
            call_command("qstash", "doctor", *arguments)
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


@pytest.fixture(params=APPS)
def examine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    module = ModuleType("shop_of_a_test")
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)

    def run(changed: dict[str, str | None]) -> tuple[int, list[str], str]:
        for name, value in {**GOOD, **changed}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        settings_changed()
        asked = ["--offline", "--json", "--fail-on", "info"]
        if request.param == "django":
            code = _in_django(*asked)
        else:
            # As an import does it: what the app refuses, it refuses then.
            module.create = APPS[request.param]  # type: ignore[attr-defined]
            code = cli.main(["doctor", *asked, "--app", "shop_of_a_test:create"])
        printed = capsys.readouterr().out
        return code, [finding["id"] for finding in json.loads(printed)["findings"]], printed

    return run


def test_nothing_is_found_in_a_healthy_app(examine: Any) -> None:
    code, found, _ = examine({})
    assert (code, found) == (0, [])


def test_without_any_setting_the_code_alone_is_looked_at(examine: Any) -> None:
    code, found, _ = examine(dict.fromkeys(GOOD))
    assert (code, found) == (0, [])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_settings_is_named_first_and_no_secret_shown(examine: Any, fault: str) -> None:
    changed, expected = FAULTS[fault]
    code, found, printed = examine(changed)
    assert (code, found[0]) == (1, expected)
    assert not any(key.strip("'\"") in printed for key in (*KEYS.values(), "a-token"))
