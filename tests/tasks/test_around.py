"""What is put around every task of a mount."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations.tasks import CurrentCall, TasksApp, task
from qstash_integrations.tasks.mount import Mount
from qstash_integrations.tasks.running import arrive, run
from qstash_integrations.testing import LocalQStash

from .deliveries import delivery_of

TENANT: ContextVar[str] = ContextVar("tenant", default="nobody")
seen: list[Any] = []


@contextmanager
def plain(call: CurrentCall) -> Iterator[None]:
    token = TENANT.set(f"plain {call.task}")
    try:
        yield
    except OSError as error:
        seen.append(error)
        raise
    finally:
        TENANT.reset(token)
        seen.append("closed")


@asynccontextmanager
async def awaited(call: CurrentCall) -> AsyncIterator[None]:
    TENANT.set(f"async {call.task}")
    try:
        yield
    finally:
        seen.append("closed")


@task(name="sync", backoff=[1])
def sync_task(error: bool = False) -> str:
    seen.append(TENANT.get())
    if error:
        raise OSError
    return TENANT.get()


@task(name="async")
async def async_task() -> str:
    seen.append(TENANT.get())
    return TENANT.get()


@pytest.fixture(autouse=True)
def nothing_seen() -> None:
    seen.clear()


@pytest.mark.parametrize("one", [sync_task, async_task], ids=lambda task: task.name)
@pytest.mark.parametrize(("around", "kind"), [(plain, "plain"), (awaited, "async")])
def test_every_task_runs_within_it(one: Any, around: Any, kind: str) -> None:
    with LocalQStash(TasksApp(one, around=around)) as local:
        one.publish()
        (attempt,) = local.run_until_idle()
    assert attempt.answer == f'"{kind} {one.name}"'.encode()
    assert seen == [f"{kind} {one.name}", "closed"]


def test_it_sees_what_the_task_raised() -> None:
    with LocalQStash(TasksApp(sync_task, around=plain)) as local:
        sync_task.publish(error=True)
        assert [attempt.status for attempt in local.run_until_idle()] == [503, 500]
    assert [type(entry) for entry in seen] == [str, OSError, str] * 2


def test_where_no_event_loop_is_it_must_be_a_plain_one() -> None:
    once = sync_task.using(retries=0)
    mount = Mount.of(once, around=awaited)
    with pytest.raises(TypeError, match=r"around must return a plain context manager here, since sync is a plain task"):
        run(arrive(mount, once, delivery_of(once.bind().message())), lambda messages: None)
    assert seen == []


@pytest.mark.parametrize("around", [lambda call: None, lambda call: print])
@pytest.mark.parametrize("one", [sync_task, async_task], ids=lambda task: task.name)
def test_what_is_no_context_manager_is_named(one: Any, around: Any, caplog: pytest.LogCaptureFixture) -> None:
    with LocalQStash(TasksApp(one, around=around), raise_errors=False) as local:
        one.using(retries=0).publish()
        (attempt,) = local.run_until_idle()
    assert attempt.status in (500, 503)
    assert seen == []


def test_what_cannot_be_called_is_told_at_the_start() -> None:
    with pytest.raises(ConfigurationError, match="around must be a function"):
        Mount.of(sync_task, around="shop.around")  # type: ignore[arg-type]
