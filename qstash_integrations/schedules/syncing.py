"""Carries a plan out, one call after the other, and looks whether QStash then holds what the code says.

Every call leaves something that is right, and the next run completes one that has ended early: what replaces comes
before what deletes. What has changed since the plan was made is looked at again before it is replaced or deleted.

Spec: https://upstash.com/docs/qstash/api/schedules
"""

from collections.abc import Awaitable, Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar, cast, overload

from .._core.errors import APIError, QStashError
from .._core.publishing.client import AsyncQStash, QStash
from .._core.publishing.operations import Operation
from .._core.publishing.operations import schedule as operations
from .._core.publishing.results.schedule import Schedule as Held
from .fields import held_fields
from .owner import LABEL, Owner
from .planning import Change, Plan, check_prune, plan

Problems: TypeAlias = dict[str, str]
"""What was left undone and why, by the name of the schedule."""
Tell: TypeAlias = Callable[[Change], object]
T = TypeVar("T")
_Steps: TypeAlias = Generator[Operation[Any], Any, T]

TAKEN = f"QStash has one of its id without the label {LABEL}; delete that one, or give it the label"
# What QStash says of one schedule, and not of the account.
_OF_ONE = (400, 412, 413, 422)
_TOO_MANY = 412
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What ``sync`` has done: ``applied`` in the order in which it was."""

    plan: Plan
    """What there was to do."""
    applied: tuple[Change, ...] = ()
    """What is done now, and stays so whatever failed."""
    problems: Problems = field(default_factory=dict[str, str])
    """Why a schedule is not as it is to be, by its name; the others were gone on with."""


def nothing_told(change: Change) -> None:
    """For who waits for the end."""


@overload
def sync(client: QStash, plan: Plan, *, prune: bool = False, tell: Tell = nothing_told) -> Synced: ...
@overload
def sync(client: AsyncQStash, plan: Plan, *, prune: bool = False, tell: Tell = nothing_told) -> Awaitable[Synced]: ...
def sync(
    client: QStash | AsyncQStash, plan: Plan, *, prune: bool = False, tell: Tell = nothing_told
) -> Synced | Awaitable[Synced]:
    """Create, change and move what the plan says; with ``prune`` delete what is ours and no longer in the code.

    To be awaited with an ``AsyncQStash``. ``tell`` is called with each change when it is made. Raises
    ConfigurationError before the first call where pruning looks like a mistake, QStashError when QStash could not be
    asked; the next run then does the rest.
    """
    steps = _steps(plan, prune, tell)
    return _run_async(client, steps) if isinstance(client, AsyncQStash) else _run(client, steps)


def _run(client: QStash, steps: _Steps[Synced]) -> Synced:
    try:
        operation = next(steps)
        while True:
            try:
                answer = client.run(operation)
            except QStashError as error:
                operation = steps.throw(error)
            else:
                operation = steps.send(answer)
    except StopIteration as done:
        return cast("Synced", done.value)


async def _run_async(client: AsyncQStash, steps: _Steps[Synced]) -> Synced:
    try:
        operation = next(steps)
        while True:
            try:
                answer = await client.run(operation)
            except QStashError as error:
                operation = steps.throw(error)
            else:
                operation = steps.send(answer)
    except StopIteration as done:
        return cast("Synced", done.value)


def _steps(plan: Plan, prune: bool, tell: Tell) -> _Steps[Synced]:
    """The calls, each to be answered with its result."""
    if prune:
        check_prune(plan)
    work = _Work(plan.owner, tell, {change.name: TAKEN for change in plan.changes if change.action == "taken"})
    crowded = yield from work.carry_out(change for change in plan.changes if change.replaces or change.earlier)
    # Where something else went wrong, what is to go may be what should have been renamed.
    if prune and not work.problems.keys() - {change.name for change in crowded}:
        for change in plan.orphans:
            yield from work.delete(change)
        yield from work.carry_out(crowded)
    if work.applied:
        yield from work.read_back(plan)
    return Synced(plan=plan, applied=tuple(work.applied), problems=work.problems)


class _Work:
    """What has been done so far."""

    def __init__(self, owner: Owner, tell: Tell, problems: Problems) -> None:
        self.applied: list[Change] = []
        self.problems = problems
        self._owner = owner
        self._tell = tell

    def carry_out(self, changes: Iterable[Change]) -> _Steps[list[Change]]:
        """Those that QStash had no room for."""
        crowded: list[Change] = []
        for change in changes:
            if self.problems.get(change.name) == TAKEN:
                continue
            self.problems.pop(change.name, None)
            try:
                if (not change.replaces or (yield from self._replace(change))) and (yield from self._leave(change)):
                    self._made(change)
            except APIError as error:
                if error.status not in _OF_ONE:
                    raise
                self.problems[change.name] = str(error)
                if error.status == _TOO_MANY:
                    crowded.append(change)
        return crowded

    def _replace(self, change: Change) -> _Steps[bool]:
        """False for one that is not to be touched any more."""
        assert change.wanted is not None
        now = None if change.held is None else (yield from _get(change.id))
        if now is not None and not self._owner.owns(now):
            self.problems[change.name] = TAKEN
            return False
        if now is not None and now.paused:
            self.problems[change.name] = "somebody has paused it meanwhile, so it stays as it is"
            return False
        yield change.wanted.create
        return True

    def _leave(self, change: Change) -> _Steps[bool]:
        """Away from the names that it had before. A pause moves along."""
        if any(one.paused for one in change.earlier) and not (change.held and change.held.paused):
            yield operations.pause(change.id)
        gone = True
        for one in change.earlier:
            gone = (yield from self._delete(change.name, one)) and gone
        return gone

    def delete(self, change: Change) -> _Steps[None]:
        assert change.held is not None
        if (yield from self._delete(change.name, change.held)):
            self._made(change)

    def read_back(self, plan_before: Plan) -> _Steps[None]:
        held = yield operations.list_all()
        expected = [change.wanted for change in plan_before.changes if change.wanted is not None]
        applied = {change.id for change in self.applied}
        for change in plan(expected, held, self._owner).changes:
            if change.id in applied and change.drift:
                self.problems.setdefault(change.name, _still(change))

    def _delete(self, name: str, held: Held) -> _Steps[bool]:
        """False for one that is another one now."""
        now = yield from _get(held.schedule_id)
        if now is not None:
            if (held_fields(now), now.paused) != (held_fields(held), held.paused):
                self.problems[name] = f"somebody has changed {held.schedule_id} meanwhile, so it stays"
                return False
            try:
                yield operations.delete(held.schedule_id)
            except APIError as error:
                if error.status != _NOT_FOUND:
                    raise
        return True

    def _made(self, change: Change) -> None:
        self.applied.append(change)
        self._tell(change)


def _get(schedule_id: str) -> _Steps[Held | None]:
    try:
        return cast("Held", (yield operations.get(schedule_id)))
    except APIError as error:
        if error.status != _NOT_FOUND:
            raise
        return None


def _still(change: Change) -> str:
    match change.action:
        case "create":
            return "it is not there after it was made; somebody may have deleted it"
        case "change" | "paused":
            names = ", ".join(one.field for one in change.differences)
            return f"QStash holds it otherwise than it was sent ({names}); is another sync of other code running?"
        case _:
            return "what it replaces is still there"
