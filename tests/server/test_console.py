"""What a server tells whoever started it."""

import json
from pathlib import Path

import pytest

from qstash_integrations.server.app import ForMachines, ForPeople, LocalServer
from qstash_integrations.server.attempt import Attempt
from qstash_integrations.server.model import Keys, Outcome
from tests.server.test_attempt import message

KEYS = Keys(current="sig_TESTONLYcurrent000000000000A", next="sig_TESTONLYnext00000000000000BB")


def server(*, is_loopback: bool = True, db: Path | None = None) -> LocalServer:
    return LocalServer(
        url="http://127.0.0.1:8080",
        url_for_others="http://127.0.0.1:8080",
        token="TESTONLY-token",
        keys=KEYS,
        is_loopback=is_loopback,
        is_published=is_loopback,
        db=db,
        dashboard="http://127.0.0.1:8080/#token=TESTONLY-code",
    )


def attempt() -> Attempt:
    return Attempt(message=message(url="http://127.0.0.1:8000/hook"), outcome=Outcome(status=200), seconds=0.01)


def test_people_are_told_what_to_copy_and_where_things_go() -> None:
    told: list[str] = []
    rewrites = [("https://api.example.com", "http://127.0.0.1:8000")]
    ForPeople(told.append, colour=False, rewrites=rewrites).started(server(is_loopback=False))
    assert told == [
        "QStash is running at http://127.0.0.1:8080",
        "DEV SERVER: for development and tests, never for production.",
        "Dashboard: http://127.0.0.1:8080/#token=TESTONLY-code  (this link works once)",
        "Database: in memory, gone when this ends; keep it with --db FILE",
        "",
        "export QSTASH_URL=http://127.0.0.1:8080",
        "export QSTASH_TOKEN=TESTONLY-token",
        "export QSTASH_CURRENT_SIGNING_KEY=sig_TESTONLYcurrent000000000000A",
        "export QSTASH_NEXT_SIGNING_KEY=sig_TESTONLYnext00000000000000BB",
        "",
        "curl -X POST http://127.0.0.1:8080/v2/publish/http://127.0.0.1:8000/hooks/example \\",
        "     -H 'Authorization: Bearer TESTONLY-token' -d 'hello'",
        "",
        "What is addressed to https://api.example.com is delivered to http://127.0.0.1:8000.",
        "Other machines can reach this server, and whoever has the token can use it.",
    ]


def test_what_is_between_the_first_and_the_last_setting_can_be_pasted() -> None:
    told: list[str] = []
    console = ForPeople(
        told.append, colour=False, public_url="http://127.0.0.1:5000", written_to="a file", command=["a\nb", "c d"]
    )
    console.started(server())
    first = told.index("export QSTASH_URL=http://127.0.0.1:8080")
    assert told[first + 4 : first + 8] == [
        "export QSTASH_PUBLIC_URL=http://127.0.0.1:5000",
        "# written to a file",
        "# and given to: 'a b' 'c d'",
        "",
    ]
    # The app itself publishes now.
    assert not [line for line in told if "curl" in line]


def test_the_database_is_named_with_its_whole_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    told: list[str] = []
    ForPeople(told.append, colour=False).started(server(db=Path("qstash.db")))
    ForMachines(told.append).started(server(db=Path("qstash.db")))
    assert told[3] == f"Database: {tmp_path / 'qstash.db'}"
    assert json.loads(told[-1])["db"] == str(tmp_path / "qstash.db")


def test_machines_are_told_one_object_per_line() -> None:
    told: list[str] = []
    console = ForMachines(told.append)
    console.started(server())
    console.delivered(attempt())
    assert not [line for line in told if "\n" in line]
    first, second = map(json.loads, told)
    assert first["environment"]["QSTASH_TOKEN"] == "TESTONLY-token"
    assert first["server"] == "DEV SERVER"
    assert (first["event"], second["event"], second["status"]) == ("started", "delivery", 200)
