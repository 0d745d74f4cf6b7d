"""What the code says beside what QStash holds: the changes that would make them alike. Pure: changes nothing.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from .._core.errors import ConfigurationError
from .._core.publishing.results.schedule import Schedule as Held
from .declared import Wanted
from .fields import Difference, differences, held_fields
from .owner import Owner

Action: TypeAlias = Literal["create", "change", "move", "paused", "taken", "orphaned", "unchanged"]

# Schedules of the free plan, and of the one above it.
_LIMITS = (10, 1_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is to become of one schedule.

    ``create``: QStash has none of its id. ``change``: it is replaced in place. ``move``: it has been renamed.
    ``paused``: somebody has paused it, so it stays as it is, since replacing it would end the pause. ``taken``: another
    one has its id, without our label. ``orphaned``: ours, and no longer in the code. ``unchanged``.
    """

    action: Action
    id: str
    name: str
    differences: tuple[Difference, ...] = ()
    wanted: Wanted | None = None
    held: Held | None = None
    earlier: tuple[Held, ...] = ()
    """Of one that moves, what QStash holds under the names that it had before."""

    @property
    def drift(self) -> bool:
        """Whether the code and QStash say something else."""
        return self.action != "unchanged" and (self.action != "paused" or bool(self.differences))

    @property
    def replaces(self) -> bool:
        """Whether it is to be sent. One that is paused never is."""
        if self.action == "move":
            return self.held is None or (bool(self.differences) and not self.held.paused)
        return self.action in ("create", "change")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All changes, by name; those of orphans last. Nothing of it is done yet: that is ``sync``.

    Spec: https://upstash.com/docs/qstash/features/schedules
    """

    owner: Owner
    changes: tuple[Change, ...] = ()
    foreign: int = 0
    """Schedules of others in the account. They are never touched."""

    @property
    def drift(self) -> tuple[Change, ...]:
        """Those in which the code and QStash say something else."""
        return tuple(change for change in self.changes if change.drift)

    @property
    def orphans(self) -> tuple[Change, ...]:
        """Those that are ours and no longer in the code."""
        return tuple(change for change in self.changes if change.action == "orphaned")

    @property
    def found(self) -> int:
        """How many there are in the code."""
        return len(self.changes) - len(self.orphans)

    @property
    def held(self) -> int:
        """How many of ours QStash holds."""
        return sum(
            len(change.earlier) + (change.held is not None and change.action != "taken") for change in self.changes
        )


def plan(wanted: Sequence[Wanted], held: Sequence[Held], owner: Owner) -> Plan:
    """What ``sync`` would do: ``held`` is the whole account, as ``client.schedule.list()`` gives it.

    Pure: asks nothing and changes nothing. What is not ``owner``'s is counted, and never touched.
    """
    by_id = {one.schedule_id: one for one in held}
    ours = {one.schedule_id: one for one in held if owner.owns(one)}
    changes = [_change(one, by_id, ours) for one in wanted]
    expected = {one_id for one in wanted for one_id in (one.id, *one.earlier_ids)}
    orphans = [
        Change(action="orphaned", id=one_id, name=owner.name_of(one_id), held=ours[one_id])
        for one_id in sorted(ours.keys() - expected)
    ]
    return Plan(owner=owner, changes=(*changes, *orphans), foreign=len(by_id) - len(ours))


def check(wanted: Sequence[Wanted], held: Sequence[Held], owner: Owner) -> tuple[Change, ...]:
    """Where code and QStash say something else; nothing where they are alike. Arguments as of ``plan``."""
    return plan(wanted, held, owner).drift


def check_prune(plan: Plan) -> None:
    """ConfigurationError when deleting the orphans looks like a mistake."""
    orphans = plan.orphans
    if not orphans:
        return
    if not plan.found:
        problem = "no schedule was found in the code, so that none is deleted"
    elif 2 * len(orphans) > plan.held:
        problem = f"{len(orphans)} of {plan.held} schedules are no longer in the code; more than half are never pruned"
    else:
        return
    raise ConfigurationError(
        f"{problem}: {', '.join(one.id for one in orphans)}. Is this the whole app, and {plan.owner.prefix}* its "
        "QSTASH_APP and QSTASH_ENVIRONMENT? What is really to go can be deleted in the console"
    )


def warnings(plan: Plan) -> list[str]:
    """The limits of plans that it would cross."""
    before = plan.foreign + plan.held
    after = before + sum(change.replaces and change.held is None and not change.earlier for change in plan.changes)
    return [
        f"{after} schedules are more than the {limit:,} of {name}; QStash may refuse some"
        for limit, name in zip(_LIMITS, ("the free plan", "a paid plan"), strict=True)
        if before <= limit < after
    ]


def _change(one: Wanted, by_id: dict[str, Held], ours: dict[str, Held]) -> Change:
    held = by_id.get(one.id)
    if held is not None and one.id not in ours:
        return Change(action="taken", id=one.id, name=one.name, wanted=one, held=held)
    found = () if held is None else differences(one.fields, _comparable(one, held))
    earlier = tuple(ours[earlier] for earlier in one.earlier_ids if earlier in ours)
    action: Action = (
        "move" if earlier
        else "create" if held is None
        else "paused" if held.paused
        else "change" if found
        else "unchanged"
    )  # fmt: skip
    return Change(action=action, id=one.id, name=one.name, differences=found, wanted=one, held=held, earlier=earlier)


def _comparable(one: Wanted, held: Held) -> dict[str, str | int | bytes]:
    """Without what the code leaves to a URL group, and what goes without saying."""
    fields = dict(held_fields(held))
    for name in ("retries", "method"):
        if name not in one.fields:
            del fields[name]
    return fields
