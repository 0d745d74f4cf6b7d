"""Tasks of a shop, and what they have done."""

from collections.abc import Callable
from typing import Any

from django.utils.functional import SimpleLazyObject

from qstash_integrations.django.tasks import qstash_options
from qstash_integrations.django.tasks.api import TaskContext

try:
    from django.tasks import task
    from django.tasks.backends.immediate import ImmediateBackend
except ModuleNotFoundError:
    from django_tasks import task
    from django_tasks.backends.immediate import ImmediateBackend


BACKEND = "qstash_integrations.django.tasks.QStashBackend"
ran: list[Any] = []
during: list[Callable[[], Any]] = []
"""What the next runs do, and return."""


@task
def ship(order_id: int, *, gift: bool = False) -> Any:
    ran.append((order_id, gift))
    return during.pop(0)() if during else {"shipped": order_id}


@task
async def ship_async(order_id: int) -> int:
    ran.append(order_id)
    return order_id


@task(takes_context=True)
def attempt(context: TaskContext) -> Any:
    ran.append(context.attempt)
    return during.pop(0)() if during else [context.task_result.id, context.attempt]


@task()
@qstash_options(retries=0, label="careful")
def ship_once(order_id: int) -> Any:
    ran.append(order_id)
    return during.pop(0)() if during else None


class Elsewhere(ImmediateBackend):  # type: ignore[misc]
    """A backend that is none of ours."""


def no_task(order_id: int) -> None:
    """Importable, and nobody's task."""
    ran.append(order_id)


def _wake() -> None:
    raise LookupError("somebody has looked at it")


LAZY = SimpleLazyObject(_wake)
"""As modules of projects have: looking for a task must not wake it."""


def raises(error: BaseException) -> Callable[[], Any]:
    def raising() -> Any:
        raise error

    return raising


def returns(value: Any) -> Callable[[], Any]:
    return lambda: value
