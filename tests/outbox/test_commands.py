"""``outbox relay|stats|requeue|prune``: what they print, and the exit codes that supervisors read."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import click
import pytest

from qstash_integrations import QStash
from qstash_integrations.cli import main
from qstash_integrations.outbox.here import Here
from qstash_integrations.schedules.terminal import Terminal
from qstash_integrations.verbs import App, begin
from qstash_integrations.verbs.outbox import command as group
from qstash_integrations.verbs.output import Output
from tests.outbox import shop
from tests.outbox.hand import NOW, FakeQStash, Hand, refusal
from tests.outbox.memory import MemoryStore, filled
from tests.outbox.store_contract import row
from tests.outbox.test_sender import written

ID = "018bcfe56800" + "0" * 20
OTHER = "018bcfe56800" + "1" * 20


class Command:
    """An outbox, and what its commands say."""

    def __init__(self) -> None:
        self.hand = Hand()
        self.store = MemoryStore()
        self.keep: timedelta | None = None
        self.said: list[str] = []
        self.complaints: list[str] = []

    def __call__(self, *arguments: str) -> int:
        terminal = Terminal(say=self.said.append, complain=self.complaints.append, ask=None)
        output = Output(terminal=terminal, stdout=sys.stdout, stderr=sys.stderr)
        context = click.Context(click.Group("flask"), info_name="flask")
        begin(context, lambda: nullcontext(App(outbox=lambda _: self._here())), output)
        code: int = group.main([*arguments], "outbox", standalone_mode=False, parent=context)
        return code

    @property
    def json(self) -> Any:
        return json.loads(self.said[-1])

    def _here(self) -> Here:
        client = QStash("token", retry=False)
        return Here(store=self.store, client=client, keep=self.keep, clock=self.hand.clock)


@pytest.fixture
def command() -> Command:
    return Command()


def parked(**values: Any) -> Any:
    return row(**{"id": ID, "due_at": None, "tries": 2, "error": "QStash answered 400: no", **values})


def test_stats_of_an_empty_outbox_are_all_well(command: Command) -> None:
    assert command("stats") == 0
    assert command.said == ["waiting  0", "overdue  0", "parked   0", "sent     0"]


def test_stats_show_what_is_parked_and_why(command: Command) -> None:
    command.store.write(
        [parked(), row(id=OTHER, due_at=NOW, created_at=NOW - 90_000), parked(id="2" * 32, sent_at=NOW)]
    )
    assert command("stats") == 2
    assert command.said == [
        "waiting  1, the oldest for 0:01:30",
        "overdue  0",
        "parked   1",
        "sent     1",
        f"  {ID}  2 tries  QStash answered 400: no",
    ]


def test_stats_show_the_first_of_many(command: Command) -> None:
    command.store.write(parked(id=f"{number:032x}", tries=1) for number in range(1_025))
    assert command("stats") == 2
    assert command.said[2] == "parked   1,025"
    assert command.said[-2:] == [f"  {19:032x}  1 try  QStash answered 400: no", "  and 1,005 more"]


def test_stats_as_json(command: Command) -> None:
    command.store.write([parked(), row(id=OTHER, due_at=NOW, created_at=NOW - 700_000)])
    assert command("stats", "--json") == 2
    assert command.json == {
        "store": "memory",
        "waiting": 1,
        "overdue": 1,
        "parked": 1,
        "sent": 0,
        "oldest_at": "2023-11-14T22:01:40+00:00",
        "oldest_seconds": 700.0,
        "parked_rows": [
            {"id": ID, "created_at": "2023-11-14T22:13:20+00:00", "tries": 2, "error": "QStash answered 400: no"}
        ],
    }


def test_what_has_waited_for_too_long_is_not_well(command: Command) -> None:
    command.store.write([row(due_at=NOW, created_at=NOW - 600_001)])
    assert command("stats") == 2


def test_no_verb_shows_a_body_or_a_header(command: Command, fake: FakeQStash) -> None:
    command.store.write([parked(body=b"topsecret", headers=(("Upstash-Forward-X", "topsecret"),))])
    for arguments in (
        ["stats"],
        ["stats", "--json"],
        ["requeue", "--all"],
        ["relay", "--once"],
        ["prune", "--older-than", "1s"],
    ):
        command(*arguments)
    assert "topsecret" not in "\n".join([*command.said, *command.complaints])


def test_relay_once_sends_what_is_due(command: Command, fake: FakeQStash) -> None:
    written(command.store, command.hand, 3)
    command.hand.move(30)
    assert command("relay", "--once") == 0
    assert (command.said, len(fake.ids)) == (["3 sent"], 3)


def test_relay_once_counts_no_rows_that_are_kept(command: Command) -> None:
    class Large(MemoryStore):
        def sent(self) -> int:
            raise AssertionError("counted a million rows for an exit code that does not tell of them")

    command.store = Large()
    assert command("relay", "--once") == 0


def test_relay_once_as_json(command: Command, fake: FakeQStash) -> None:
    written(command.store, command.hand, 3)
    command.hand.move(30)
    assert command("relay", "--once", "--json") == 0
    assert command.json == {
        "sent": 3, "refused": 0, "parked": 0, "lost": 0, "pause_seconds": 0.0, "error": None,
    }  # fmt: skip


def test_relay_once_says_what_it_has_parked(command: Command, fake: FakeQStash) -> None:
    written(command.store, command.hand)
    command.hand.move(30)
    fake.answers.append(refusal(400, "bad"))
    assert command("relay", "--once") == 2
    assert command.said == ["0 sent, 1 parked, QStash answered 400: bad"]


def test_relay_once_fails_where_qstash_is_away(command: Command, fake: FakeQStash) -> None:
    written(command.store, command.hand)
    command.hand.move(30)
    fake.answers.append(refusal(401, "who"))
    assert command("relay", "--once") == 1
    assert command.complaints[0].startswith("flask outbox relay: QStash answered 401: who")


def test_requeued_rows_are_due(command: Command, fake: FakeQStash) -> None:
    command.store.write([parked(), parked(id=OTHER)])
    assert command("requeue", ID) == 0
    assert command.said == ["1 row due again"]
    assert [one.due_at for one in command.store.rows.values()] == [NOW, None]
    assert command("requeue", "--all", "--json") == 0
    assert command.json == {"requeued": 1}


def test_requeue_says_what_is_not_parked(command: Command) -> None:
    command.store.write([parked()])
    assert command("requeue", ID, ID, OTHER) == 1
    assert command.complaints == ["flask outbox requeue: 1 of 2 are not parked"]


@pytest.mark.parametrize("arguments", [["requeue"], ["requeue", ID, "--all"]], ids=["nothing", "both"])
def test_requeue_wants_ids_or_all(command: Command, arguments: Sequence[str]) -> None:
    assert command(*arguments) == 1
    assert command.complaints == ["flask outbox requeue: give ids of parked rows, or --all"]


def test_prune_deletes_what_was_kept_for_long_enough(command: Command) -> None:
    command.store.write([
        *(row(due_at=None, sent_at=NOW - 7_200_000) for _ in range(3)),
        row(due_at=None, sent_at=NOW - 1_800_000),
    ])  # fmt: skip
    assert command("prune", "--older-than", "3h") == 0
    command.keep = timedelta(hours=1)
    assert command("prune") == 0
    assert command("prune", "--older-than", "1m", "--json") == 0
    assert command.said == ["0 rows deleted", "3 rows deleted", '{"pruned": 1}']


def test_prune_wants_an_age_where_nothing_is_kept(command: Command) -> None:
    assert command("prune") == 1
    assert command.complaints[0].endswith("for those that were kept before say --older-than")


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["relay", "--interval", "0"], ["relay", "--interval", "x"], ["prune", "--older-than", "x"]],
    ids=str,
)
def test_a_wrong_command_line_is_no_finding(
    command: Command, arguments: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(click.UsageError) as ended:
        command(*arguments)
    assert ended.value.exit_code == 1


def test_a_database_that_is_away_is_one_line_without_values(command: Command) -> None:
    class DatabaseError(Exception):
        """As the drivers of all databases have one."""

    class OperationalError(DatabaseError):
        pass

    class Away(MemoryStore):
        def stats(self, now: int) -> Any:
            raise OperationalError("connection refused\n[parameters: topsecret]")

    command.store = Away()
    assert command("stats") == 1
    assert command.complaints == ["flask outbox stats: the database: OperationalError: connection refused"]


def test_a_fault_of_ours_is_not_hidden(command: Command) -> None:
    class Broken(MemoryStore):
        def stats(self, now: int) -> Any:
            raise ZeroDivisionError

    command.store = Broken()
    with pytest.raises(ZeroDivisionError):
        command("stats")


@pytest.fixture
def located(fake: FakeQStash, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[..., int]]:
    monkeypatch.setenv("QSTASH_TOKEN", "token")
    shop.store.rows.clear()
    yield lambda *arguments: main(["outbox", *arguments])
    shop.store.rows.clear()


@pytest.mark.parametrize("name", ["tests.outbox.shop:outbox", "tests.outbox.shop"])
def test_the_command_finds_the_outbox(
    located: Callable[..., int], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(shop.store, 3)
    assert located("relay", "--once", "--outbox", name) == 0
    assert capsys.readouterr().out.startswith("3 sent")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tests.outbox.shop:nothing", "is no outbox but str"),
        ("tests.outbox.shop:nobody", "has no 'nobody'"),
        ("tests.outbox.nowhere", "there is no module 'tests.outbox.nowhere'"),
        ("tests.outbox.hand", "there are 0 in it"),
    ],
)
def test_the_command_says_what_is_no_outbox(
    located: Callable[..., int], name: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert located("stats", "--outbox", name) == 1
    assert says in capsys.readouterr().err


def test_a_missing_token_is_said_in_one_line(
    located: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("QSTASH_TOKEN")
    filled(shop.store, 1)
    assert located("relay", "--once", "--outbox", "tests.outbox.shop:outbox") == 1
    assert "QSTASH_TOKEN is not set" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="SIGTERM ends a process there")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_relay_that_is_told_to_end_drains(number: signal.Signals) -> None:
    program = [sys.executable, "-m", "tests.outbox.slow_relay"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as relay:
        assert relay.stdout is not None
        assert relay.stdout.readline() == "sending\n"
        relay.send_signal(number)
        out, err = relay.communicate(timeout=60)
    assert err == ""
    assert out.splitlines()[-1] == "ended 0 10"
    assert out.count("sending") < 9
