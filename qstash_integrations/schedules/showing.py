"""Plans and schedules as text for people, and as JSON for programs.

Bodies and header values are shown as hashes: what prints this is often a log of many readers.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from .._core.masking import hashed, masked_url
from .._core.publishing.results.schedule import Schedule as Held
from .fields import Difference, Value
from .owner import Owner
from .planning import Action, Change, Plan
from .syncing import Synced

_SIGNS: Mapping[Action, str] = {
    "create": "+", "change": "~", "move": ">", "paused": "=", "taken": "!", "orphaned": "-", "unchanged": " ",
}  # fmt: skip
_MEANS: Mapping[Action, str] = {
    "create": "is not there yet",
    "change": "differs",
    "move": "was renamed from",
    "paused": "was paused by hand, and stays as it is",
    "taken": "is the id of a schedule that is not ours (it has no label qstash-integrations)",
    "orphaned": "is no longer in the code; goes with sync --prune",
    "unchanged": "is as the code says",
}


def plan_lines(plan: Plan, *, reveal: bool) -> Iterator[str]:
    """A line for each that differs, or is kept, with its fields below; then what is not told one by one."""
    for change in plan.changes:
        if change.action != "unchanged":
            yield from _change_lines(change, reveal)
    same = sum(change.action == "unchanged" for change in plan.changes)
    yield f"{same} unchanged, {len(plan.drift)} to look at, {plan.foreign} of others (never touched)"


def change_line(change: Change) -> str:
    """What has been done."""
    done = {"create": "created", "change": "changed", "move": "moved", "orphaned": "deleted"}
    return f"{_SIGNS[change.action]} {change.id} {done.get(change.action, change.action)}"


def plan_json(plan: Plan, *, reveal: bool) -> dict[str, Any]:
    return {
        "app": plan.owner.app,
        "environment": plan.owner.environment,
        "drift": bool(plan.drift),
        "foreign": plan.foreign,
        "schedules": [_change_json(change, reveal) for change in plan.changes],
    }


def synced_json(synced: Synced, *, reveal: bool) -> dict[str, Any]:
    return {
        **plan_json(synced.plan, reveal=reveal),
        "applied": [change.id for change in synced.applied],
        "problems": synced.problems,
    }


def held_lines(held: list[Held], owner: Owner) -> Iterator[str]:
    """One line each, in columns."""
    rows = [_held_row(one, owner) for one in held]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
    if not rows:
        yield f"QStash has no schedule {owner.prefix}* with our label"


def held_json(one: Held, owner: Owner) -> dict[str, Any]:
    return {
        "id": one.schedule_id,
        "name": owner.name_of(one.schedule_id),
        "cron": one.cron,
        "destination": masked_url(one.destination),
        "paused": one.paused,
        "last_at": _iso(one.last_schedule_time),
        "next_at": _iso(one.next_schedule_time),
        "last_states": dict(one.last_schedule_states or {}),
        "error": one.error,
    }


def _change_lines(change: Change, reveal: bool) -> Iterator[str]:
    earlier = "".join(f" {one.schedule_id}" for one in change.earlier)
    yield f"{_SIGNS[change.action]} {change.id} {_MEANS[change.action]}{earlier}"
    if change.action == "create" and change.wanted is not None:
        cron, destination = (_shown(name, change.wanted.fields[name], reveal) for name in ("cron", "destination"))
        yield f"    {cron} to {destination}"
    for one in change.differences:
        held, wanted = (_shown(one.field, value, reveal) for value in (one.held, one.wanted))
        yield f"    {one.field}: {held} -> {wanted}"


def _change_json(change: Change, reveal: bool) -> dict[str, Any]:
    return {
        "id": change.id,
        "name": change.name,
        "action": change.action,
        "renamed_from": [one.schedule_id for one in change.earlier],
        "differences": [_difference_json(one, reveal) for one in change.differences],
    }


def _difference_json(one: Difference, reveal: bool) -> dict[str, Any]:
    def plain(value: Value | None) -> str | int | None:
        return value if isinstance(value, int | None) else _shown(one.field, value, reveal)

    return {"field": one.field, "held": plain(one.held), "wanted": plain(one.wanted)}


def _shown(field: str, value: Value | None, reveal: bool) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, int):
        return str(value)
    secret = field == "body" or "header " in field
    if secret and not reveal:
        raw = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
        return hashed(raw)
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    return text if reveal or "://" not in text else masked_url(text)


def _held_row(one: Held, owner: Owner) -> tuple[str, ...]:
    states = ", ".join(sorted(set((one.last_schedule_states or {}).values()))).lower()
    state = "paused" if one.paused else one.error or (f"next {_iso(one.next_schedule_time) or 'unknown'}")
    return owner.name_of(one.schedule_id), one.cron, masked_url(one.destination), state, states and f"last {states}"


def _iso(milliseconds: int | None) -> str | None:
    return (
        None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")
    )
