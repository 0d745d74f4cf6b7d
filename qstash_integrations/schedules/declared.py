"""What the code says, ready to be sent: each schedule with its id, our label, and everything that it is to have."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import ConfigurationError
from .._core.hosts import is_hosted, is_private
from .._core.publishing.inputs import Header
from .._core.publishing.operations import Operation
from .._core.publishing.options import OPTIONS
from ..tasks.schedules import Schedule, creation
from .fields import Fields, sent_fields
from .owner import LABEL, Owner

_DEFAULTS = {"method": OPTIONS["method"].default, "retries": int(OPTIONS["retries"].default)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A schedule as it is to be at QStash: one of the code, with everything that it depends on filled in."""

    id: str
    """``shop.production.nightly``: the owner's prefix, and the name."""
    name: str
    fields: Fields = field(repr=False)
    create: Operation[str] = field(repr=False)
    """Makes it, or replaces it as a whole."""
    earlier_ids: tuple[str, ...] = ()
    """Those that it had before it was renamed."""


def wanted(
    schedules: Iterable[Schedule],
    owner: Owner,
    *,
    task_url: Callable[[str], str] | None = None,
    added: Sequence[Header] = (),
    base_url: str | None = None,
) -> list[Wanted]:
    """By name. ``task_url`` says where a task is served, by default as the running app or the environment does;
    ``added`` are the headers that the client puts on every message, ``base_url`` is its QStash.

    ConfigurationError for two of one name, and for what the hosted service cannot call.
    """
    by_name: dict[str, Schedule] = {}
    for schedule in schedules:
        other = by_name.setdefault(schedule.name, schedule)
        if other is not schedule:
            raise ConfigurationError(
                f"two schedules have the name {schedule.name!r}; rename one of them: {other.place} and {schedule.place}"
            )
    _check_renamed(by_name)
    found = [_wanted(by_name[name], owner, task_url, added) for name in sorted(by_name)]
    if base_url is not None and is_hosted(base_url):
        _check_reachable(found, base_url)
    return found


def _wanted(schedule: Schedule, owner: Owner, task_url: Callable[[str], str] | None, added: Sequence[Header]) -> Wanted:
    try:
        options = dict(schedule.planned(task_url))
        options |= {"cron": schedule.cron, "schedule_id": owner.id_of(schedule.name)}
        # Said, so that no default can stand for something else. A URL group has defaults of its own.
        if "://" in str(options.get("destination")):
            options = {**_DEFAULTS, **options}
        create = creation(_labelled(options), added)
        sent = sent_fields(create)
        if sent.unseen:
            create = creation(_labelled(options, _digest(sent.unseen)), added)
            sent = sent_fields(create)
    except (TypeError, ValueError) as error:
        text = str(error)
    else:
        return Wanted(
            id=owner.id_of(schedule.name),
            name=schedule.name,
            fields=sent.fields,
            create=create,
            earlier_ids=tuple(map(owner.id_of, schedule.renamed_from)),
        )
    # Not while that error is handled: a body may be in it.
    raise ConfigurationError(f"schedule {schedule.name!r}: {text}")


def _labelled(options: Mapping[str, Any], *more: str) -> dict[str, Any]:
    """Ours in front: where an answer has one label only, it is the first."""
    given = options.get("label") or ()
    labels = given.split(",") if isinstance(given, str) else [*given]
    return {**options, "label": [*dict.fromkeys((LABEL, *(label.strip() for label in labels), *more))]}


def _digest(unseen: Sequence[Header]) -> str:
    """A label that is another one when something has changed that QStash does not show."""
    text = "\n".join(f"{name}: {value}" for name, value in sorted(unseen))
    return f"{LABEL}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _check_renamed(by_name: Mapping[str, Schedule]) -> None:
    taken: dict[str, str] = dict.fromkeys(by_name, "is still there")
    for schedule in by_name.values():
        for earlier in schedule.renamed_from:
            if earlier in taken:
                raise ConfigurationError(
                    f"schedule {schedule.name!r} is renamed_from {earlier!r}, which {taken[earlier]}; take it out"
                )
            taken[earlier] = f"{schedule.name!r} is renamed from as well"


def _check_reachable(found: Sequence[Wanted], base_url: str) -> None:
    problems = [
        f"schedule {one.name!r}: {name} is {url.partition('?')[0][:200]!r}"
        for one in found
        for url, name in one.create.calls.items()
        if is_private(url) or not url.lower().startswith("https://")
    ]
    if problems:
        raise ConfigurationError(
            f"{base_url} calls https:// and public hosts alone; "
            + "; ".join(problems)
            + ". Set QSTASH_PUBLIC_URL to the "
            "https:// origin of the app, or QSTASH_URL to the local server that qstash-integrations dev starts"
        )
