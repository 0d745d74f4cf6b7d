"""What ``doctor`` ends with, and what it does with an app that cannot be loaded."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Flask

from qstash_integrations import cli
from qstash_integrations._core.settings.environment import settings_changed
from qstash_integrations.flask import QStash, verify_qstash
from tests.doctor.strangers import api

GOOD = {
    "QSTASH_TOKEN": "a-token",
    "QSTASH_CURRENT_SIGNING_KEY": "sig_aBcDeFgHiJkLmNoPqRsT1234",
    "QSTASH_NEXT_SIGNING_KEY": "sig_uVwXyZ0123456789aBcDeFgH",
    "QSTASH_PUBLIC_URL": "https://api.example.com",
}


def shop() -> Flask:
    app = Flask("shop")
    QStash(app)
    app.add_url_rule("/hooks/ship", view_func=verify_qstash(lambda: ""), endpoint="ship", methods=["POST"])
    return app


def with_a_late_decorator() -> Flask:
    app = Flask("shop")

    @verify_qstash
    @app.post("/hooks/ship")
    def ship() -> str:
        return ""

    QStash(app)
    return app


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(make: Any, *arguments: str, **changed: str) -> int:
        module = ModuleType("shop_of_a_doctor")
        module.create = make  # type: ignore[attr-defined]
        monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
        for name, value in {**GOOD, **changed}.items():
            monkeypatch.setenv(name, value)
        settings_changed()
        return cli.main(["doctor", "--app", "shop_of_a_doctor:create", *arguments])

    return run


def test_nothing_found_is_0(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(shop, "--offline") == 0
    assert "nothing found" in capsys.readouterr().out


@pytest.mark.parametrize(("fail_on", "code"), [("error", 0), ("warning", 1), ("info", 1)])
def test_a_finding_counts_from_the_severity_on_that_is_asked_for(doctor: Any, fail_on: str, code: int) -> None:
    changed = {"QSTASH_NEXT_SIGNING_KEY": GOOD["QSTASH_CURRENT_SIGNING_KEY"]}
    assert doctor(shop, "--offline", "--fail-on", fail_on, **changed) == code


def test_a_decorator_that_came_too_late_is_a_finding(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(with_a_late_decorator, "--offline") == 1
    assert "Q201 error: " in capsys.readouterr().out


def test_settings_that_the_app_refuses_are_a_finding(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(shop, "--offline", QSTASH_URL="nonsense") == 1
    assert "Q121 error: " in capsys.readouterr().out


def test_a_finding_is_shown_with_its_remedy_and_its_page(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    doctor(shop, "--offline", QSTASH_TOKEN="'a-token'")
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "Q101 error: QSTASH_TOKEN has quotes around its value, and they count as a part of it",
        "  remove the quotes; docker --env-file, for one, does not",
        "  docs/doctor.md#q101",
    ]


def test_what_could_not_be_looked_at_is_2(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def bare() -> Flask:
        return Flask("shop")

    monkeypatch.delenv("QSTASH_TOKEN", raising=False)
    assert doctor(bare, QSTASH_TOKEN="") == 2


@pytest.mark.parametrize(
    "typed", [["--offline", "--probe"], ["--fail-on", "nothing"], ["--offline", "--report", "/dev/null/report"]]
)
def test_wrong_usage_is_2(doctor: Any, typed: list[str]) -> None:
    assert doctor(shop, *typed) == 2


def test_without_an_app_it_is_called_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--offline"]) == 2
    assert "--app shop.main:app" in capsys.readouterr().err


def test_the_report_is_written_beside_what_is_shown(doctor: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    assert doctor(shop, "--offline", "--report", str(file)) == 0
    assert '"/hooks/ship"' in file.read_text(encoding="utf-8")


def test_nothing_that_strangers_wrote_can_steer_the_terminal(doctor: Any, capsys: pytest.CaptureFixture[str]) -> None:
    evil, base = "\x1b]0;x\x07\x1b[2J\x9b31m\r\u202e", "http://127.0.0.1:1"
    queue = {"name": evil, "parallelism": 1, "createdAt": 1, "updatedAt": 1, "lag": 3, "paused": True}
    schedule = {"scheduleId": evil, "cron": "* * * * *", "createdAt": 1, "method": "POST", "retries": 3}
    schedule["destination"] = f"{base}/{evil}"
    with api({"/v2/queues": [queue], "/v2/schedules": [schedule]}) as url:
        assert doctor(shop, QSTASH_URL=url, QSTASH_PUBLIC_URL=base) == 1
    told = capsys.readouterr()
    assert "Q601" in told.out
    assert "Q603" in told.out
    assert (told.out + told.err).replace("\n", "").isprintable()
