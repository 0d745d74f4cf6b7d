"""What ``--report`` writes may be published: secrets are planted wherever one could stand, and none comes out."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from flask import Flask

from qstash_integrations import cli
from qstash_integrations._core.publishing.results.dlq import DlqMessage
from qstash_integrations._core.publishing.results.log import Log
from qstash_integrations._core.receiving.options import load_given
from qstash_integrations._core.settings.environment import Reader
from qstash_integrations._core.settings.given import Given
from qstash_integrations.doctor.account import attempts, of_dead
from qstash_integrations.doctor.facts import AccountFacts, AppFacts, Facts, Planned, ProbeMessage, Shapes
from qstash_integrations.doctor.findings import findings
from qstash_integrations.doctor.knocking import Knocker, Secrets
from qstash_integrations.doctor.posting import Response
from qstash_integrations.doctor.report import report
from qstash_integrations.doctor.shapes import shapes_of
from qstash_integrations.doctor.showing import as_json, rows
from qstash_integrations.doctor.table import RULES
from qstash_integrations.flask import QStash, verify_qstash
from qstash_integrations.once import MemoryStore
from qstash_integrations.routes import Route, Verification

SECRET = "hunter2hunter2hunter2"
HOSTS = ("api.private.example", "old.private.example", "edge.private.example", "dead.private.example")
VERIFICATION = Verification(by="endpoint", max_body_size=1024, body_timeout=30.0)


def shapes() -> Shapes:
    options: dict[str, Any] = {
        "token": f"token-{SECRET}",
        "current_signing_key": f"sig_{SECRET}aBcDe",
        "next_signing_key": f"sig_{SECRET}fGhIj",
        "public_url": f"https://user:{SECRET}@{HOSTS[0]}/?key={SECRET}",
        "base_url": f"https://{SECRET}@qstash.upstash.io",
    }
    given = Given.taken_from(options)
    return shapes_of(Reader({}, [given]), lambda: load_given(given))


def log(url: str, state: str, **more: Any) -> Log:
    body = base64.b64encode(SECRET.encode()).decode()
    headers = {"Server": ["nginx"], "Via": [f"1.1 {HOSTS[2]}"], "Set-Cookie": [SECRET], "Location": [f"/in?{SECRET}"]}
    return Log(
        time=more.pop("time", 1), message_id=f"msg_{state}", state=state, url=url, body_base64=body, response_body=body,
        headers={"Authorization": [SECRET]}, response_headers=headers, **more,
    )  # fmt: skip


def account() -> AccountFacts:
    url = f"https://user:{SECRET}@{HOSTS[0]}/hooks/ship?key={SECRET}#{SECRET}"
    error = f"dial tcp: lookup {HOSTS[2]}: no such host, for https://me:{SECRET}@{HOSTS[1]}/x?key={SECRET}"
    letter = DlqMessage(
        message_id="msg_1", dlq_id="1", url=f"https://{HOSTS[3]}/hooks/ship?{SECRET}", created_at=1, not_before=1,
        method="POST", max_retries=0, response_status=489, response_body=SECRET, body=SECRET,
    )  # fmt: skip
    return AccountFacts(
        attempts=attempts([log(url, "ERROR", response_status=502, time=3), log(f"{url}&a=1", "FAILED", error=error)]),
        dead=[of_dead(letter)],
        schedules=[Planned(id="scd_1", url=f"https://{HOSTS[1]}/hooks/ship", fails=True)],
    )


def answer() -> Any:
    """Of a proxy that knows more than it should."""

    def post(url: str, headers: Any, body: bytes) -> Response:
        told = {"location": f"https://{HOSTS[1]}/login?next={SECRET}", "via": f"1.1 {HOSTS[2]}", "set-cookie": SECRET}
        return Response(302, httpx.Headers(told), SECRET.encode())

    return Knocker(f"https://{HOSTS[0]}/qstash/probe", Secrets([SECRET], [SECRET], SECRET), post).unsigned()


@pytest.fixture
def facts() -> Facts:
    return Facts(
        shapes=shapes(),
        app=AppFacts(
            framework="flask", routes=[Route(path="/hooks/ship", handler="shop.ship", verification=VERIFICATION)]
        ),
        base=f"https://{HOSTS[0]}",
        probe_url=f"https://{HOSTS[0]}/qstash/probe",
        account=account(),
        unsigned=answer(),
        published=ProbeMessage(state="refused", detail=f"no answer from https://me:{SECRET}@{HOSTS[1]}"),
        skipped={"signed": f"no answer from https://{HOSTS[0]}/?{SECRET}"},
    )


def written(facts: Facts) -> Iterator[tuple[str, str]]:
    found = findings(RULES, facts)
    yield "report", report(facts, found)
    yield "json", json.dumps(as_json(facts, found, 1))
    yield "rows", str([*rows(facts)])


def test_no_secret_is_written_anywhere(facts: Facts) -> None:
    assert [name for name, text in written(facts) if SECRET in text] == []


def test_a_report_names_no_host_of_its_writer(facts: Facts) -> None:
    text = report(facts, findings(RULES, facts))
    assert [host for host in HOSTS if host in text] == []
    assert "host-1.invalid" in text


def test_a_report_has_what_whoever_helps_needs(facts: Facts) -> None:
    told = json.loads(report(facts, findings(RULES, facts)))
    assert {finding["id"] for finding in told["findings"]} >= {"Q131", "Q402", "Q451", "Q603"}
    assert told["settings"]["QSTASH_TOKEN"]["source"] == "given"
    assert [(one["status"], one["server"]) for one in told["attempts"]] == [(502, "nginx"), (0, "nginx")]
    assert told["routes"][0]["path"] == "/hooks/ship"


def test_the_command_writes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Flask("shop")
    app.add_url_rule("/hooks/ship", view_func=verify_qstash(once=MemoryStore())(lambda: ""), endpoint="ship")
    keys = {"current_signing_key": f"sig_{SECRET}aBcDe", "next_signing_key": f"sig_{SECRET}fGhIj"}
    QStash(app, token=SECRET, public_url=f"https://{HOSTS[0]}", **keys)  # type: ignore[arg-type]
    module = ModuleType("shop_to_report")
    module.app = app  # type: ignore[attr-defined]
    monkeypatch.setitem(__import__("sys").modules, module.__name__, module)
    file = tmp_path / "report.json"
    assert cli.main(["doctor", "--offline", "--app", "shop_to_report:app", "--report", str(file)]) == 0
    text = file.read_text(encoding="utf-8")
    assert (SECRET in text, HOSTS[0] in text) == (False, False)
    assert json.loads(text)["routes"][0]["verified"]["once"] == "MemoryStore"
