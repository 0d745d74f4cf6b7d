"""``schedules ...`` in its three places: the same words, the same text, the same exit codes."""

import json
import re
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from django.test import override_settings
from flask import Flask
from flask.cli import ScriptInfo

from qstash_integrations import QStashError
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, Lost
from qstash_integrations.cli import main
from qstash_integrations.django.management.commands.qstash import Command
from qstash_integrations.flask import QStash
from qstash_integrations.schedules.commands import Here
from qstash_integrations.schedules.commands import run as run_verb
from qstash_integrations.schedules.terminal import Terminal
from qstash_integrations.schedules.verbs import SchedulesCommand
from qstash_integrations.tasks import Schedule, schedule, task
from tests.django.project import configure
from tests.schedules.account import LABELLED, TOKEN, URL, Account, daily
from tests.signing import CURRENT, NEXT

MODULE = "code_of_the_shop"


class Ended(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ended]


@task
def report(region: str) -> None: ...


def in_flask(arguments: Sequence[str], schedules: Any) -> object:
    app = Flask("shop")
    QStash(app, schedules=schedules)
    # The command, and not its test runner, which keeps what is printed to itself.
    return app.cli.main(["qstash", "schedules", *arguments], prog_name="flask", obj=ScriptInfo(create_app=lambda: app))


def in_django(arguments: Sequence[str], schedules: Any) -> object:
    configure()
    with override_settings(QSTASH={"SCHEDULES": schedules}):
        Command().run_from_argv(["manage.py", "qstash", "schedules", *arguments])
    return 0


def in_the_command_line(arguments: Sequence[str], schedules: Any) -> object:
    sys.modules[MODULE] = module = ModuleType(MODULE)
    module.schedules = schedules  # type: ignore[attr-defined]
    try:
        return main(["schedules", *arguments, "--app", MODULE])
    finally:
        del sys.modules[MODULE]


PLACES = {"flask": in_flask, "django": in_django, "qstash-integrations": in_the_command_line}


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "QSTASH_TOKEN": TOKEN,
        "QSTASH_URL": "http://127.0.0.1:8080",
        "QSTASH_APP": "shop",
        "QSTASH_ENVIRONMENT": "prod",
        "QSTASH_PUBLIC_URL": "https://shop.example",
        "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
        "QSTASH_NEXT_SIGNING_KEY": NEXT,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)


@pytest.fixture(params=PLACES.values(), ids=list(PLACES))
def run(request: pytest.FixtureRequest, account: Account, capsys: pytest.CaptureFixture[str]) -> Run:
    """``run("plan", "--json", schedules=[...])``; the account then knows the calls of this run."""

    def run_it(*arguments: str, schedules: Sequence[Schedule] = ()) -> Ended:
        capsys.readouterr()
        account.calls.clear()
        try:
            code = request.param(arguments, list(schedules))
        except SystemExit as ended:
            code = ended.code or 0
        output, errors = capsys.readouterr()
        # Each line of a command stands behind what was typed.
        return Ended(
            code, output, re.sub(r"^(?:flask qstash|manage\.py qstash|qstash-integrations) ", "", errors, flags=re.M)
        )

    return run_it


def test_plan_tells_and_changes_nothing(account: Account, run: Run) -> None:
    account.sync(daily("old"), daily("paused"), daily("gone"), daily("changed", retries=1))
    account.client.schedule.pause("shop.prod.paused")
    account.by_hand("shop.prod.taken")
    code = [
        daily("new", renamed_from="old"), daily("paused", retries=0), daily("changed"), daily("taken"),
        schedule("created", "0 7 * * *", report.bind(region="eu"), tz="Europe/Berlin"),
    ]  # fmt: skip
    ended = run("plan", schedules=code)
    assert ended == Ended(
        0,
        "~ shop.prod.changed differs\n"
        "    retries: 1 -> 3\n"
        "+ shop.prod.created is not there yet\n"
        "    CRON_TZ=Europe/Berlin 0 7 * * * to "
        "https://shop.example/qstash/tasks/tests.schedules.test_commands.report?of=3\n"
        "> shop.prod.new was renamed from shop.prod.old\n"
        "= shop.prod.paused was paused by hand, and stays as it is\n"
        "    retries: 3 -> 0\n"
        "! shop.prod.taken is the id of a schedule that is not ours (it has no label qstash-integrations)\n"
        "- shop.prod.gone is no longer in the code; goes with sync --prune\n"
        "0 unchanged, 6 to look at, 1 of others (never touched)\n",
        "",
    )
    assert account.calls == []


def test_check_and_sync(account: Account, run: Run) -> None:
    assert run("check", schedules=[daily()]).code == 2
    assert run("sync", schedules=[daily()]) == Ended(0, "+ shop.prod.daily created\n1 of 1 changed\n", "")
    assert account.calls == ["POST shop.prod.daily"]
    assert run("check", schedules=[daily()]).code == 0
    assert run("sync", schedules=[daily()]) == Ended(0, "0 of 1 changed\n", "")
    assert account.calls == []
    account.client.schedule.pause("shop.prod.daily")
    assert run("check", schedules=[daily()]).code == 0
    assert run("check", schedules=[daily(retries=0)]).code == 2
    assert run("check").code == 2  # an orphan runs on


def test_a_read_only_token_is_enough_to_look(account: Account, run: Run) -> None:
    account.sync(daily())
    account.interfere = lambda request: APIResponse(403, b"read-only token") if request.method != "GET" else None
    assert run("check", schedules=[daily()]).code == 0
    assert run("check", schedules=[daily(retries=1)]).code == 2
    assert run("plan", schedules=[daily(retries=1)]).code == 0
    assert run("list").code == 0
    ended = run("sync", schedules=[daily(retries=1)])
    assert (ended.code, ended.err) == (1, "schedules sync: QStash answered 403: read-only token\n")


def test_json_is_one_value(account: Account, run: Run) -> None:
    account.sync(daily("old", body="sesame"), daily("gone"), daily("stays"))
    code = [daily("new", renamed_from="old"), daily("stays", body="sesame")]
    told = json.loads(run("plan", "--json", schedules=code).out)
    assert told == json.loads(run("check", "--json", schedules=code).out)
    schedules = told.pop("schedules")
    assert told == {"app": "shop", "environment": "prod", "drift": True, "foreign": 0}
    assert [(one["name"], one["action"], one["renamed_from"]) for one in schedules] == [
        ("new", "move", ["shop.prod.old"]), ("stays", "change", []), ("gone", "orphaned", []),
    ]  # fmt: skip
    [difference] = schedules[1]["differences"]
    assert (difference["field"], difference["held"]) == ("body", None)
    synced = json.loads(run("sync", "--json", schedules=code).out)
    assert synced["applied"] == ["shop.prod.new", "shop.prod.stays"]
    assert synced["problems"] == {}
    [gone, new, stays] = json.loads(run("list", "--json").out)
    assert (gone["name"], new["id"], stays["paused"]) == ("gone", "shop.prod.new", False)
    assert new["next_at"].endswith("07:00:00+00:00")


def test_list_shows_ours_alone(account: Account, run: Run) -> None:
    assert run("list").out == "QStash has no schedule shop.prod.* with our label\n"
    account.sync(daily("a", destination=f"{URL}?token=sesame"), daily("longer.name"))
    account.client.schedule.pause("shop.prod.a")
    account.by_hand("shop.prod.by-hand")
    lines = run("list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["a", "longer.name"]
    assert lines[0].endswith("paused")
    assert "sesame" not in lines[0]
    assert lines[1].split()[-2] == "next"


def test_bodies_and_headers_show_when_they_are_asked_for(account: Account, run: Run) -> None:
    account.sync(daily(body="sesame", headers={"Authorization": "Bearer sesame"}))
    code = [daily(body="sesame 2", headers={"Authorization": "Bearer sesame 2"}, destination=f"{URL}?token=sesame")]
    for verb in ("plan", "check", "sync"):
        for form in ((), ("--json",)):
            ended = run(verb, *form, schedules=code)
            assert "sesame" not in ended.out + ended.err
            account.sync(daily(body="sesame", headers={"Authorization": "Bearer sesame"}))
    ended = run("plan", "--reveal", schedules=code)
    assert "body: sesame -> sesame 2" in ended.out
    assert "Bearer sesame -> Bearer sesame 2" in ended.out


def test_pruning_needs_a_terminal_or_a_yes(account: Account, run: Run) -> None:
    account.sync(daily("a"), daily("b"), daily("gone"))
    code = [daily("a"), daily("b"), daily("c")]
    ended = run("sync", "--prune", schedules=code)
    assert ended == Ended(
        2,
        "",
        "schedules sync: this would delete shop.prod.gone, and there is no terminal to ask at; give --yes as well\n",
    )
    assert account.calls == []
    assert run("sync", "--prune", "--yes", schedules=code).code == 0
    assert account.calls == ["POST shop.prod.c", "DELETE shop.prod.gone"]
    assert run("sync", "--prune", schedules=code).code == 0  # nothing to ask about


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "JSON"])
def test_pruning_is_refused_whatever_was_said(account: Account, run: Run, form: tuple[str, ...]) -> None:
    account.sync(daily("a"), daily("b"), daily("c"))
    nothing = run("sync", "--prune", "--yes", *form)
    assert (nothing.code, nothing.out) == (1, "")
    assert nothing.err.startswith("schedules sync: no schedule was found in the code, so that none is deleted: ")
    most = run("sync", "--prune", "--yes", *form, schedules=[daily("a")])
    assert most.err.startswith("schedules sync: 2 of 3 schedules are no longer in the code; ")
    assert account.calls == []


def test_pausing_and_resuming(account: Account, run: Run) -> None:
    account.sync(daily("a"), daily("b"))
    assert run("pause", "a", "shop.prod.b").out == "shop.prod.a paused\nshop.prod.b paused\n"
    assert all(one.paused for one in account.held().values())
    assert json.loads(run("resume", "a", "--json").out) == {"resumed": ["shop.prod.a"]}
    assert [one.paused for one in account.held().values()] == [False, True]


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_only_ours_are_paused_and_resumed(account: Account, run: Run, verb: str) -> None:
    account.sync(daily("daily"))
    account.by_hand("shop.prod.by-hand")
    account.by_hand("other", **LABELLED)
    for name in ("by-hand", "shop.prod.by-hand", "other", "dayly"):
        ended = run(verb, "daily", name)
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith(f"schedules {verb}: QStash has no schedule shop.prod.")
    assert "did you mean 'daily'?" in run(verb, "dayly").err
    assert account.calls == []


def test_what_sync_leaves_undone_is_an_error(account: Account, run: Run) -> None:
    account.by_hand("shop.prod.taken")
    account.sync(daily("gone"))
    ended = run("sync", schedules=[daily("taken"), daily("new")])
    assert ended.code == 1
    assert ended.out == (
        "+ shop.prod.new created\n- shop.prod.gone is no longer in the code; goes with sync --prune\n1 of 3 changed\n"
    )
    assert ended.err.startswith(
        "schedules sync: schedule 'taken': QStash has one of its id without the label qstash-integrations"
    )


def test_what_is_not_pruned_after_all_is_told(account: Account, run: Run) -> None:
    account.by_hand("shop.prod.taken")
    account.sync(daily("a"), daily("gone"))
    ended = run("sync", "--prune", "--yes", schedules=[daily("a"), daily("taken")])
    assert (ended.code, account.calls) == (1, [])
    assert ended.out == "- shop.prod.gone stays, since not all could be done\n0 of 3 changed\n"


@pytest.mark.parametrize("name", ["QSTASH_APP", "QSTASH_ENVIRONMENT"])
def test_nobody_is_assumed(account: Account, run: Run, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(name)
    for verb in ("list", "plan", "sync", "check"):
        ended = run(verb, schedules=[daily()])
        assert (ended.code, ended.out) == (1, "")
        assert ended.err.startswith(f"schedules {verb}: {name} is not set; ")


def test_a_missing_token_is_named(account: Account, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QSTASH_TOKEN")
    ended = run("check", schedules=[daily()])
    assert (ended.code, "QSTASH_TOKEN is not set" in ended.err) == (1, True)


def test_qstash_that_does_not_answer_is_no_drift(account: Account, run: Run) -> None:
    def lost(request: APIRequest) -> Lost:
        return Lost("connection refused", hopeless=True)

    account.interfere = lost
    ended = run("check", schedules=[daily()])
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("schedules check: no answer from http://127.0.0.1:8080: connection refused")


def test_two_of_one_name_are_named(account: Account, run: Run) -> None:
    ended = run("check", schedules=[daily(), daily(retries=0)])
    assert (ended.code, "two schedules have the name 'daily'" in ended.err) == (1, True)


def test_a_task_whose_place_nobody_knows_is_told(account: Account, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("QSTASH_PUBLIC_URL", "QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY"):
        monkeypatch.delenv(name)
    ended = run("plan", schedules=[schedule("daily", "0 7 * * *", report.bind(region="eu"))])
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("schedules plan: schedule 'daily': ")
    assert "QSTASH_PUBLIC_URL" in ended.err


def test_a_limit_that_is_crossed_is_a_warning(account: Account, run: Run) -> None:
    code = [daily(f"n{number}") for number in range(11)]
    ended = run("plan", schedules=code)
    assert (ended.code, ended.err) == (
        0, "schedules plan: warning: 11 schedules are more than the 10 of the free plan; QStash may refuse some\n",
    )  # fmt: skip


@pytest.mark.sampled("run")
@pytest.mark.parametrize(
    "arguments",
    [(), ("plam",), ("check", "--bogus"), ("check", "extra"), ("pause",), ("plan", "--prune"), ("list", "--yes")],
    ids=" ".join,
)
def test_wrong_usage_is_no_drift(account: Account, run: Run, arguments: tuple[str, ...]) -> None:
    ended = run(*arguments)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("Usage: ")


@pytest.mark.parametrize("answer", [True, False])
def test_who_prunes_at_a_terminal_is_asked_before_anything_is_done(account: Account, answer: bool) -> None:
    account.sync(daily("a"), daily("b"), daily("gone"))
    account.calls.clear()
    asked: list[tuple[str, list[str]]] = []
    told: list[str] = []

    def ask(question: str) -> bool:
        asked.append((question, [*account.calls]))
        return answer

    def sync() -> int:
        return run_verb(
            SchedulesCommand(verb="sync", prune=True),
            lambda: Here(schedules=[daily("a"), daily("b"), daily("c")], client=account.client),
            Terminal(say=told.append, complain=told.append, ask=ask),
        )

    if answer:
        assert (sync(), account.calls) == (0, ["POST shop.prod.c", "DELETE shop.prod.gone"])
    else:
        with pytest.raises(QStashError, match="nothing was changed"):
            sync()
        assert (account.calls, told) == ([], [])
    assert asked == [("Delete shop.prod.gone? [y/N] ", [])]


def test_help_says_the_exit_codes(account: Account, run: Run) -> None:
    ended = run("check", "--help")
    assert ended.code == 0
    assert "2 (of check)" in " ".join(ended.out.split())
