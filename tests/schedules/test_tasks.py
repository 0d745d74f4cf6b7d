"""Schedules of tasks: where they go, what they carry, and that they run."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette

from qstash_integrations import Callback, ConfigurationError, QStash, fastapi, flask, starlette
from qstash_integrations.schedules import plan, sync, wanted
from qstash_integrations.tasks import RESULT, Schedule, chain, current_call, schedule, task
from qstash_integrations.testing import LocalQStash
from tests.schedules.account import OWNER, URL

PUBLISHERS: dict[Any, Any] = {Flask: flask.QStash, Starlette: starlette.QStash, FastAPI: fastapi.QStash}
ran: list[Any] = []


@task(retries=2, label="reports")
def report(region: str, *, full: bool = False) -> str:
    ran.append((region, full, current_call().attempt))
    return region


@task
def mail(text: str) -> None:
    ran.append(text)


@task
def failed(callback: Callback) -> None: ...


@task
def tagged(tags: set[str], nested: dict[str, list[set[str]]] | None = None) -> None: ...


def at(name: str) -> str:
    return f"https://shop.example/jobs/{name}"


def planned(target: Any, **options: Any) -> Any:
    return schedule("daily", "0 7 * * *", target, **options).planned(at)


def test_a_call_is_addressed_by_the_name_of_its_task() -> None:
    told = planned(report.bind("eu"))
    assert told["destination"] == f"https://shop.example/jobs/{report.name}?of=2"
    assert (told["body"], told["content_type"], told["retries"]) == (b'{"region":"eu"}', "application/json", 2)
    assert told["label"] == ["reports", report.name]


def test_a_task_may_be_given_with_its_arguments() -> None:
    for told in (planned(report, args=["eu"], kwargs={"full": True}), planned(report.bind("eu", full=True))):
        assert told["body"] == b'{"region":"eu","full":true}'


def test_options_win_over_those_of_the_task() -> None:
    told = planned(report.bind("eu"), retries=0, label="nightly", queue="reports", failure_callback=failed)
    assert told["destination"] == f"https://shop.example/jobs/{report.name}?of=0"
    assert (told["retries"], told["label"], told["queue"]) == (0, ["nightly", report.name], "reports")
    assert told["failure_callback"] == f"https://shop.example/jobs/{failed.name}?of=3"


def test_a_chain_travels_with_its_first_call() -> None:
    told = planned(chain(report.bind("eu"), mail.bind(text=RESULT)), retries=1)
    assert told["destination"] == f"https://shop.example/jobs/{report.name}?of=1"
    assert b'"$then":[{"task":"tests.schedules.test_tasks.mail"' in told["body"]


WRONG: dict[str, tuple[Callable[[], Schedule], str]] = {
    "an unknown option": (
        lambda: schedule("daily", "0 7 * * *", report.bind("eu"), retrys=1),
        "unknown option 'retrys'",
    ),
    "an option of messages alone": (
        lambda: schedule("daily", "0 7 * * *", report.using(not_before=2_000_000_000).bind("eu")),
        "not_before is no option of a schedule",
    ),
    "a missing argument": (lambda: schedule("daily", "0 7 * * *", report), "tests.schedules.test_tasks.report: "),
    "an argument of another type": (
        lambda: schedule("daily", "0 7 * * *", report, args=[3]),
        "tests.schedules.test_tasks.report: region",
    ),
    "an unknown argument": (
        lambda: schedule("daily", "0 7 * * *", report, kwargs={"regio": "eu"}),
        "tests.schedules.test_tasks.report: ",
    ),
    "arguments of a call": (
        lambda: schedule("daily", "0 7 * * *", report.bind("eu"), kwargs={"full": True}),
        "args and kwargs go with a task; a call has its arguments already",
    ),
    "arguments of a destination": (
        lambda: schedule("daily", "0 7 * * *", destination=URL, args=["eu"]),
        "args and kwargs are those of a task",
    ),
    "a task that is called back": (lambda: schedule("daily", "0 7 * * *", failed), "takes a Callback"),
    "a body": (lambda: schedule("daily", "0 7 * * *", report.bind("eu"), body="x"), "body goes with destination="),
}  # type: ignore[misc]


@pytest.mark.parametrize(("make", "problem"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_at_import(make: Callable[[], Schedule], problem: str) -> None:
    with pytest.raises(TypeError, match=r"^schedule 'daily': ") as caught:
        make()
    assert problem in str(caught.value)


TAGS = """
from tests.schedules.test_tasks import planned, tagged
words = {f"word-{number}" for number in range(20)}
print(planned(tagged.bind(words, {"a": [words]}))["body"].decode())
"""


@pytest.mark.system
def test_a_set_is_the_same_in_every_process() -> None:
    bodies = {
        subprocess.run(
            [sys.executable, "-c", TAGS], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    [body] = bodies
    assert body.startswith('{"tags":["word-0","word-1","word-10",')


def app_of(kind: Any, **options: Any) -> Any:
    app = kind(__name__) if kind is Flask else kind()
    PUBLISHERS[kind](app, **options)
    return app


def put(app: Any, *schedules: Schedule) -> None:
    client = QStash()
    found = wanted(schedules, OWNER)
    if isinstance(app, Flask):
        with app.app_context():
            found = wanted(schedules, OWNER)
    assert sync(client, plan(found, client.schedule.list(), OWNER)).problems == {}


@pytest.mark.parametrize("kind", PUBLISHERS)
def test_a_year_of_a_schedule_is_over_in_a_moment(kind: Any) -> None:
    ran.clear()
    app = app_of(kind, tasks=[report])
    with LocalQStash(app, now=datetime(2027, 1, 1, tzinfo=UTC), raise_errors=True) as local:
        put(app, schedule("weekly", "0 7 * * MON", report.bind("eu"), tz="Europe/Berlin"))
        attempts = local.advance(days=365)
    assert [attempt.status for attempt in attempts] == [200] * 52
    assert ran == [("eu", False, 1)] * 52
    # Monday, seven o'clock there: in summer an hour earlier.
    assert {(attempt.at.weekday(), attempt.at.astimezone(UTC).hour) for attempt in attempts} == {(0, 5), (0, 6)}


def test_a_chain_goes_on_at_each_tick() -> None:
    ran.clear()
    app = app_of(Starlette, tasks=[report, mail])
    with LocalQStash(app, now=datetime(2027, 1, 1, tzinfo=UTC), raise_errors=True) as local:
        put(app, schedule("daily", "0 7 * * *", chain(report.bind("eu"), mail.bind(text=RESULT))))
        local.advance(days=2)
    assert ran == [("eu", False, 1), "eu"] * 2


@pytest.mark.parametrize("tasks_url", [None, "https://worker.example/jobs"])
def test_a_task_that_the_app_does_not_serve(monkeypatch: pytest.MonkeyPatch, tasks_url: str | None) -> None:
    monkeypatch.setenv("QSTASH_PUBLIC_URL", "https://shop.example")
    app = Flask("shop")
    flask.QStash(
        app,
        tasks=[mail],
        current_signing_key="sig_TESTONLYcurrent000000000000A",
        next_signing_key="sig_TESTONLYnext00000000000000BB",
    )
    daily = schedule("daily", "0 7 * * *", report.bind("eu"))
    with app.app_context():
        if tasks_url is None:
            with pytest.raises(ConfigurationError, match=rf"^schedule 'daily': {report.name} is none of the tasks"):
                wanted([daily], OWNER)
        else:
            monkeypatch.setenv("QSTASH_TASKS_URL", tasks_url)
            [one] = wanted([daily], OWNER)
            assert one.fields["destination"] == f"{tasks_url}/{report.name}?of=2"
