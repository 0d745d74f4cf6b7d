"""Takes the steps of a sweep: the same twice, since a loop must not wait in its thread."""

from typing import Any, TypeVar

from .._core.publishing.client import AsyncQStash, QStash
from .steps import OfClient, OfStore, Step, Steps
from .store import AsyncStore, Store

T = TypeVar("T")


def drive(steps: Steps[T], store: Store, client: QStash) -> T:
    """What the steps do not catch, such as a database that is away, is raised; what was taken is due again later."""

    def take(step: Step) -> Any:
        if isinstance(step, OfStore):
            return step.ask(store)
        return step.ask(client) if isinstance(step, OfClient) else step.clock.sleep(step.seconds)

    try:
        step = next(steps)
        while True:
            try:
                answer = take(step)
            except Exception as error:  # noqa: BLE001 - handed on
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as over:
        result: T = over.value
        return result


async def adrive(steps: Steps[T], store: AsyncStore, client: AsyncQStash) -> T:
    """``drive`` for async code."""

    async def take(step: Step) -> Any:
        if isinstance(step, OfStore):
            return await step.ask(store)
        if isinstance(step, OfClient):
            return await step.ask(client) if step.waits else step.ask(client)
        return await step.clock.asleep(step.seconds)

    try:
        step = next(steps)
        while True:
            try:
                answer = await take(step)
            except Exception as error:  # noqa: BLE001 - handed on
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as over:
        result: T = over.value
        return result
