"""Every call of the engine is one transaction, and every read is none: whatever part it is a call of."""

import inspect
import json
from collections.abc import Callable

import pytest

from qstash_integrations.server.engine import Engine
from qstash_integrations.server.model import Endpoint, Filter, Outcome, RunFilter, Search, Wait
from qstash_integrations.server.tables import Store
from qstash_integrations.server.tables.database import connect
from tests.server.driver import NOW, URL, publication

ENDPOINT = Endpoint(url="https://a.example")
ANY = Filter(of_runs=False)
RUNS = Filter(of_runs=True)
# What each needs is there: see ``stocked``.
CHANGES: dict[str, Callable[[Engine], object]] = {
    "publishing.publish": lambda e: e.publishing.publish(publication()),
    "publishing.batch": lambda e: e.publishing.batch([publication(), publication()]),
    "messages.replay": lambda e: e.messages.replay(message_id(e)),
    "messages.deliver_now": lambda e: e.messages.deliver_now(message_id(e)),
    "messages.cancel": lambda e: e.messages.cancel(message_id(e)),
    "messages.cancel_all": lambda e: e.messages.cancel_all(ANY, None),
    "queues.upsert": lambda e: e.queues.upsert("mail", 3, False),
    "queues.pause": lambda e: e.queues.pause("mail"),
    "queues.resume": lambda e: e.queues.resume("mail"),
    "queues.delete": lambda e: e.queues.delete("mail"),
    "schedules.create": lambda e: e.schedules.create(publication(cron="* * * * *")),
    "schedules.pause": lambda e: e.schedules.pause("s"),
    "schedules.resume": lambda e: e.schedules.resume("s"),
    "schedules.delete": lambda e: e.schedules.delete("s"),
    "schedules.run": lambda e: e.schedules.run("s"),
    "schedules.fire": lambda e: e.schedules.fire(),
    "url_groups.add_endpoints": lambda e: e.url_groups.add_endpoints("g", [ENDPOINT]),
    "url_groups.remove_endpoints": lambda e: e.url_groups.remove_endpoints("g", [ENDPOINT]),
    "url_groups.set_headers": lambda e: e.url_groups.set_headers("g", []),
    "url_groups.delete": lambda e: e.url_groups.delete("g"),
    "flows.pause": lambda e: e.flows.pause("k"),
    "flows.resume": lambda e: e.flows.resume("k"),
    "flows.pin": lambda e: e.flows.pin("k", parallelism=1, rate=1, period=1),
    "flows.unpin": lambda e: e.flows.unpin("k", parallelism=True, rate=True),
    "flows.reset_rate": lambda e: e.flows.reset_rate("k"),
    "claiming.recover": lambda e: e.claiming.recover(),
    "claiming.claim": lambda e: e.claiming.claim(10),
    "recording.record": lambda e: e.recording.record(1, Outcome(status=200)),
    "dead_letters.retry": lambda e: e.dead_letters.retry(dlq_id(e)),
    "dead_letters.retry_all": lambda e: e.dead_letters.retry_all(ANY, count=None),
    "dead_letters.delete": lambda e: e.dead_letters.delete(dlq_id(e)),
    "dead_letters.delete_all": lambda e: e.dead_letters.delete_all(ANY, count=None),
    "failed_runs.restart": lambda e: e.failed_runs.restart(failed_run(e, 0)),
    "failed_runs.resume": lambda e: e.failed_runs.resume(failed_run(e, 0)),
    "failed_runs.repeat_all": lambda e: e.failed_runs.repeat_all(RUNS, count=None, resumed=True),
    "failed_runs.delete": lambda e: e.failed_runs.delete(failed_run(e, 0)),
    "failed_runs.tell_again": lambda e: e.failed_runs.tell_again(failed_run(e, 0)),
    "failed_runs.stop_telling": lambda e: e.failed_runs.stop_telling(failed_run(e, 1)),
    "workflows.end": lambda e: e.workflows.end("wfr_1", None),
    "workflows.cancel": lambda e: e.workflows.cancel("wfr_1"),
    "workflows.cancel_all": lambda e: e.workflows.cancel_all(RunFilter(), None),
    "triggering.trigger": lambda e: e.triggering.trigger(publication()),
    "triggering.trigger_all": lambda e: e.triggering.trigger_all([publication(), publication()]),
    "waiting.wait": lambda e: e.waiting.wait(wait("shipped")),
    "waiting.notify": lambda e: e.waiting.notify("paid", b"yes"),
    "waiting.notify_run": lambda e: e.waiting.notify_run("wfr_1", "shipped", b"early"),
    "waiting.call_hook": lambda e: e.waiting.call_hook("wfr_1", "paid", b"yes"),
    "keys.rotate": lambda e: e.keys.rotate(),
    "retention.sweep": lambda e: e.retention.sweep(),
    "retention.clear": lambda e: e.retention.clear(),
}
READS: dict[str, Callable[[Engine], object]] = {
    "messages.get": lambda e: e.messages.get(message_id(e)),
    "queues.get": lambda e: e.queues.get("mail"),
    "queues.all": lambda e: e.queues.all(),
    "schedules.get": lambda e: e.schedules.get("s"),
    "schedules.all": lambda e: e.schedules.all(),
    "schedules.states": lambda e: e.schedules.states(e.schedules.get("s")),
    "url_groups.get": lambda e: e.url_groups.get("g"),
    "url_groups.all": lambda e: e.url_groups.all(),
    "flows.get": lambda e: e.flows.get("k"),
    "flows.search": lambda e: e.flows.search(""),
    "claiming.body": lambda e: list(e.claiming.body(e.messages.get(message_id(e)))),
    "claiming.next_due_at": lambda e: e.claiming.next_due_at(),
    "dead_letters.get": lambda e: e.dead_letters.get(dlq_id(e)),
    "dead_letters.page": lambda e: e.dead_letters.page(ANY, cursor=None, count=1),
    "failed_runs.get": lambda e: e.failed_runs.get(failed_run(e, 0)),
    "failed_runs.page": lambda e: e.failed_runs.page(RUNS, cursor=None, count=1),
    "log.events": lambda e: e.log.events(ANY, cursor=None, count=1),
    "log.groups": lambda e: e.log.groups(ANY, cursor=None, count=1),
    "workflows.steps": lambda e: e.workflows.steps("wfr_1"),
    "waiting.check_hook": lambda e: e.waiting.check_hook("wfr_1"),
    "waiting.knows": lambda e: e.waiting.knows("wfr_1"),
    "waiting.waiters": lambda e: e.waiting.waiters("paid"),
    "run_log.page": lambda e: e.run_log.page(RunFilter(), cursor=None, count=1),
    "run_log.events": lambda e: e.run_log.events(RunFilter(), cursor=None, count=1),
    "keys.get": lambda e: e.keys.get(),
    "inspection.overview": lambda e: e.inspection.overview(),
    "inspection.messages": lambda e: e.inspection.messages(Search(), cursor=None, count=1),
    "inspection.message": lambda e: e.inspection.message(message_id(e)),
    "inspection.related": lambda e: e.inspection.related(e.inspection.message(message_id(e))),
    "inspection.history": lambda e: e.inspection.history(e.inspection.message(message_id(e))),
    "inspection.next_request": lambda e: e.inspection.next_request(e.inspection.message(message_id(e))),
    "inspection.next_ticks": lambda e: e.inspection.next_ticks(e.schedules.get("s"), 1),
    "inspection.ticks_of": lambda e: e.inspection.ticks_of("* * * * *", 1),
    "inspection.seconds": lambda e: e.inspection.seconds(NOW),
}


def message_id(engine: Engine) -> str:
    return next(event.message.id for event in engine.log.events(Filter(queues=["mail"]), cursor=None, count=1).items)


def dlq_id(engine: Engine) -> str:
    return engine.dead_letters.page(ANY, cursor=None, count=1).items[0].id


def failed_run(engine: Engine, index: int) -> str:
    """The failure function of the first has failed, too, that of the second is yet to be called."""
    return engine.failed_runs.page(RUNS, cursor=None, count=2).items[index].letter.id


def wait(event_id: str, step_id: int = 2) -> Wait:
    step = json.dumps({"stepId": step_id})
    return Wait(
        run_id="wfr_1", event_id=event_id, step_id=step_id, url=URL, timeout="5s", seconds=5, headers=(), step=step
    )


def fail(engine: Engine) -> None:
    (failing,) = engine.claiming.claim(1)
    engine.recording.record(failing.seq, Outcome(status=500))


@pytest.fixture
def stocked() -> tuple[Engine, list[str]]:
    """An engine that has one of everything, and what its database is told from then on."""
    connection = connect(None)
    engine = Engine(Store(connection), clock=lambda: NOW)
    engine.publishing.publish(publication(retries="0"))
    fail(engine)
    for run_id, failures in {"wfr_2": 2, "wfr_3": 1}.items():
        started = {"workflow_runid": run_id, "workflow_init": "true", "failure_callback": URL}
        engine.publishing.publish(publication(retries="0", **started))
        for _ in range(failures):
            fail(engine)
    engine.publishing.publish(publication(queue="mail", flow_control_key="k", flow_control_value="rate=1"))
    engine.schedules.create(publication(URL, cron="* * * * *", schedule_id="s"))
    engine.url_groups.add_endpoints("g", [ENDPOINT])
    engine.publishing.publish(publication(workflow_runid="wfr_1", workflow_init="true"))
    engine.waiting.wait(wait("paid", 1))
    told: list[str] = []
    connection.set_trace_callback(told.append)
    return engine, told


@pytest.mark.parametrize("call", CHANGES.values(), ids=CHANGES)
def test_a_call_is_one_transaction(stocked: tuple[Engine, list[str]], call: Callable[[Engine], object]) -> None:
    engine, told = stocked
    call(engine)
    assert [sql for sql in told if not sql.startswith(("SELECT", "\n", "--"))][:1] == ["BEGIN IMMEDIATE"]
    assert [sql for sql in told if sql.startswith(("BEGIN", "COMMIT", "ROLLBACK"))] == ["BEGIN IMMEDIATE", "COMMIT"]
    engine.close()


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_read_needs_none(stocked: tuple[Engine, list[str]], read: Callable[[Engine], object]) -> None:
    engine, told = stocked
    read(engine)
    assert not [sql for sql in told if not sql.startswith(("SELECT", "\n", "--"))]
    engine.close()


def test_there_is_no_other_call(stocked: tuple[Engine, list[str]]) -> None:
    engine, _ = stocked
    parts = {
        name: part for name, part in vars(engine).items() if not name.startswith("_") and name not in ("limits", "news")
    }
    calls = {
        f"{name}.{call}" for name, part in parts.items() for call, _ in inspect.getmembers(part, inspect.ismethod)
        if not call.startswith("_")
    }  # fmt: skip
    assert calls == {*CHANGES, *READS}
    engine.close()
