"""The development server does not start where the environment says that this is production."""

import logging
import os
import subprocess
import sys

import pytest

from qstash_integrations._core.settings.production import NAMES
from qstash_integrations.cli import main
from qstash_integrations.server.app import ServerConfig, production, running
from qstash_integrations.server.model import StartupError
from tests.server.client import client

ALLOWED = ServerConfig(port=0, patience=1.0, allow_production=True)


@pytest.fixture(autouse=True)
def nothing_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENV", "production"),
        ("ENVIRONMENT", "Production"),
        ("APP_ENV", "prod"),
        ("PYTHON_ENV", " PROD "),
        ("FLASK_ENV", "production"),
        ("DJANGO_ENV", "production"),
        ("DJANGO_SETTINGS_MODULE", "config.settings.production"),
        ("DJANGO_SETTINGS_MODULE", "shop.settings_production"),
        ("DJANGO_CONFIGURATION", "Production"),
        ("RAILWAY_ENVIRONMENT_NAME", "production"),
        ("ENV", '"production"'),
        ("STAGE", "'prd'"),
        ("NODE_ENV", "production"),
        ("VERCEL_ENV", "production"),
    ],
)
def test_E15_an_environment_that_is_declared_as_production_is_named(name: str, value: str) -> None:
    with pytest.raises(StartupError) as refused:
        production.check({"PATH": "/bin", name: value})
    assert str(refused.value) == (
        f"{name}={value!r} declares production, and this is a DEV SERVER, with credentials that everybody knows; unset"
        " the variable, or pass --allow-production (allow_production=True in a ServerConfig)"
    )


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"ENV": ""},
        {"ENV": "development", "NODE_ENV": "test", "VERCEL_ENV": "preview"},
        {"ENVIRONMENT": "preprod", "APP_ENV": "production-like", "DJANGO_SETTINGS_MODULE": "production.settings.local"},
        {"DEBUG": "0", "FLASK_DEBUG": "0", "DYNO": "web.1"},
        {"MY_ENV": "production"},
    ],
    ids=str,
)
def test_every_other_environment_is_fine(environ: dict[str, str]) -> None:
    production.check(environ)


def test_E15_no_server_starts_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APP_ENV", "production")
    with pytest.raises(StartupError, match="APP_ENV='production' declares production"), running():
        pass


def test_E15_the_command_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENV", "production")
    assert main(["dev", "--port", "0"]) == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("qstash-integrations dev: ENV='production' declares production")
    assert errors.count("\n") == 1


def test_E15_who_insists_is_warned(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("ENV", "production")
    with running(ALLOWED) as server, client(server) as api:
        assert api.get("/v2/keys").status_code == 200
    assert caplog.record_tuples == [
        (
            "qstash_integrations.server",
            logging.WARNING,
            f"DEV SERVER: a local QStash at {server.url}, for development and tests, although ENV declares production",
        )
    ]


def test_E15_a_server_says_in_the_log_what_it_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "qstash_integrations.server"), running() as server:
        pass
    assert caplog.record_tuples == [
        (
            "qstash_integrations.server",
            logging.INFO,
            f"DEV SERVER: a local QStash at {server.url}, for development and tests",
        )
    ]


def test_E15_the_command_starts_for_who_insists() -> None:
    command = [sys.executable, "-m", "qstash_integrations", "dev", "--port", "0", "--allow-production"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "NODE_ENV": "production"}
    ) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(2)]
        process.terminate()
        _, errors = process.communicate()
    assert first[0].startswith("QStash is running at http://127.0.0.1:")
    assert first[1] == "DEV SERVER: for development and tests, never for production.\n"
    assert errors.startswith("DEV SERVER: a local QStash at http://127.0.0.1:")
    assert errors.endswith(", although NODE_ENV declares production\n")
