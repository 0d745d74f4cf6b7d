"""What QStash's log says is anybody's word: URLs, headers and answers of whatever the account has called."""

import json
from typing import Any

import pytest

from qstash_integrations._core.settings.given import SETTINGS
from qstash_integrations.doctor.findings import Finding, findings
from qstash_integrations.doctor.heard import bare
from qstash_integrations.doctor.report import report
from qstash_integrations.doctor.showing import as_json, rows
from qstash_integrations.doctor.stages import Edges, examine
from qstash_integrations.doctor.table import RULES
from qstash_integrations.verbs.doctor import INCOMPLETE, exit_code
from tests.doctor.strangers import TOKEN, api, place_of
from tests.signing import CURRENT, NEXT

BASE = "https://api.example.com"


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "QSTASH_TOKEN": TOKEN,
        "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
        "QSTASH_NEXT_SIGNING_KEY": NEXT,
        "QSTASH_PUBLIC_URL": BASE,
    }.items():
        monkeypatch.setenv(name, value)


def examined(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> tuple[list[Finding], str]:
    """What is found of such a QStash, and all that is told of it."""
    with api({f"/v2/{name}": answer for name, answer in answers.items()}) as url:
        monkeypatch.setenv("QSTASH_URL", url)
        facts = examine(place_of(probe_path=None), Edges(sleep=lambda _: None))
    found = findings(RULES, facts)
    told = [str([*rows(facts)]), json.dumps(as_json(facts, found, 0)), report(facts, found)]
    return found, "\n".join(told)


def entry(**changed: Any) -> dict[str, Any]:
    shown = {"time": 1, "messageId": "m", "state": "ERROR", "url": f"{BASE}/hooks/ship", "responseStatus": 404}
    return {"events": [{**shown, **changed}]}


NO_URLS: dict[str, tuple[str, list[str]]] = {
    "brackets": ("http://[evil/hooks/ship", []),
    "another form of a character": ("http://ex\u2100mple.com/hooks/ship", []),
    "no port": ("http://x:port/hooks/ship", []),
    "two slashes and a bracket, on this app": (f"{BASE}//[x", ["Q404"]),
    "a group": ("everybody", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize(("url", "expected"), NO_URLS.values(), ids=NO_URLS)
def test_what_is_no_url_stops_nothing(monkeypatch: pytest.MonkeyPatch, url: str, expected: list[str]) -> None:
    found, _ = examined(monkeypatch, events=entry(url=url))
    assert [finding.id for finding in found] == expected


ODD = {
    "an instant beyond all years": entry(time=10**30),
    "headers that are numbers": entry(responseHeaders={"Server": 5, "Via": [None, 5]}),
    "a header that is one text": entry(responseHeaders={"Server": "nginx"}),
}


@pytest.mark.parametrize("events", ODD.values(), ids=ODD)
def test_what_has_an_odd_form_is_left_out_and_the_rest_is_told(monkeypatch: pytest.MonkeyPatch, events: Any) -> None:
    found, _ = examined(monkeypatch, events=events)
    assert [finding.id for finding in found] == ["Q404"]


def test_what_qstash_does_not_tell_is_said_and_nothing_found_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    with api({"/v2/events": (403, b"no"), "/v2/queues": (200, b"<html>")}) as url:
        monkeypatch.setenv("QSTASH_URL", url)
        facts = examine(place_of(probe_path=None), Edges(sleep=lambda _: None))
    assert facts.skipped["account"] == "QStash did not tell its log, queues"
    assert exit_code(facts, findings(RULES, facts), "error") == INCOMPLETE


def test_no_password_and_no_query_of_a_url_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "https://user:planted@old.example/hooks/ship?key=planted#planted"
    events = entry(url=url, responseStatus=302, responseHeaders={"Location": [url]})
    found, told = examined(monkeypatch, events=events)
    assert [finding.id for finding in found] == ["Q402"]
    assert "https://old.example/hooks/ship" in told
    assert "planted" not in told


def test_a_report_names_no_host_whoever_speaks_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = ("planted.corp.example", "10.20.30.40", "web-1.planted.example")
    error = f"lookup {hosts[0]} on {hosts[1]}:53: no such host"
    events = entry(responseStatus=None, error=error, responseHeaders={"Server": [hosts[2]], "Via": ["1.1 " + hosts[2]]})
    with api({"/v2/events": events}) as url:
        monkeypatch.setenv("QSTASH_URL", url)
        facts = examine(place_of(probe_path=None), Edges(sleep=lambda _: None))
    attempt = json.loads(report(facts, []))["attempts"][0]
    assert not any(host in json.dumps(attempt) for host in hosts)
    assert (attempt["server"], attempt["via"]) == ("host-2.invalid", "1.1 host-2.invalid")
    assert "no such host" in attempt["reason"]


def test_an_entry_for_no_url_changes_no_text_of_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    events = {"events": [*entry(url="everybody")["events"], *entry(messageId="n", error="it broke")["events"]]}
    _, told = examined(monkeypatch, events=events)
    assert '"reason": "it broke"' in told


@pytest.mark.parametrize("setting", SETTINGS)
def test_a_secret_in_whatever_setting_is_in_no_report(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv(setting, "eyJplanted_by_mistake")
    facts = examine(place_of(probe_path=None), Edges(), offline=True)
    assert "planted" not in report(facts, findings(RULES, facts))


def test_a_location_is_told_without_what_may_be_secret_in_it() -> None:
    assert bare("https://user:planted@shop.example:8443/login;a?next=planted#planted") == (
        "https://shop.example:8443/login;a"
    )
    assert bare("/login/?next=planted") == "/login/"
