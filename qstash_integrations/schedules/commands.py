"""Runs a verb of ``schedules``: the same in Flask, in Django and in ``qstash-integrations``."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .._core.errors import APIError, ConfigurationError
from .._core.names import hint
from .._core.publishing.client import QStash
from .._core.publishing.results.schedule import Schedule as Held
from ..tasks.schedules import Schedule
from .declared import Wanted, wanted
from .owner import LABEL, Owner
from .planning import Plan, check_prune, plan, warnings
from .showing import change_line, held_json, held_lines, plan_json, plan_lines, synced_json
from .syncing import Synced, sync
from .terminal import Terminal
from .verbs import DRIFT, FAILED, OK, SchedulesCommand

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """The app that a command is about."""

    schedules: Sequence[Schedule]
    client: QStash
    config: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Of its framework."""
    task_url: Callable[[str], str] | None = None
    """Where it serves a task; None for that of the app that is running."""


def run(options: SchedulesCommand, find: Callable[[], Here], terminal: Terminal) -> int:
    """Run a verb; the exit code. QStashError says what went wrong."""
    return _RUN[options.verb](_Command(options, find(), terminal))


class _Command:
    """What all verbs need."""

    def __init__(self, options: SchedulesCommand, here: Here, terminal: Terminal) -> None:
        self.options = options
        self.here = here
        self.terminal = terminal
        self.client: QStash = here.client
        self.owner: Owner = Owner.configured(here.config)

    def held(self) -> list[Held]:
        return self.client.schedule.list()

    def wanted(self) -> list[Wanted]:
        return wanted(
            self.here.schedules,
            self.owner,
            task_url=self.here.task_url,
            added=self.client.added,
            base_url=self.client.base_url,
        )

    def plan(self) -> Plan:
        found = self.wanted()
        made = plan(found, self.held(), self.owner)
        for warning in warnings(made):
            self.terminal.complain(f"warning: {warning}")
        return made

    def say_plan(self, made: Plan) -> None:
        if self.options.json:
            self.say_json(plan_json(made, reveal=self.options.reveal))
        else:
            self.say(plan_lines(made, reveal=self.options.reveal))

    def say(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.terminal.say(line)

    def say_json(self, value: Any) -> None:
        self.terminal.say(json.dumps(value, indent=2))


def _list(command: _Command) -> int:
    ours = sorted(filter(command.owner.owns, command.held()), key=lambda one: one.schedule_id)
    if command.options.json:
        command.say_json([held_json(one, command.owner) for one in ours])
    else:
        command.say(held_lines(ours, command.owner))
    return OK


def _plan(command: _Command) -> int:
    command.say_plan(command.plan())
    return OK


def _check(command: _Command) -> int:
    made = command.plan()
    command.say_plan(made)
    return DRIFT if made.drift else OK


def _sync(command: _Command) -> int:
    options, terminal = command.options, command.terminal
    made = command.plan()
    if options.prune:
        check_prune(made)
        if made.orphans and not options.yes and not terminal.confirm(_deletion(made)):
            raise ConfigurationError("nothing was changed")
    quiet = options.json
    synced = sync(
        command.client,
        made,
        prune=options.prune,
        tell=lambda change: None if quiet else terminal.say(change_line(change)),
    )
    if quiet:
        command.say_json(synced_json(synced, reveal=options.reveal))
    else:
        command.say(_ending(synced, pruned=options.prune))
    for name, problem in synced.problems.items():
        terminal.complain(f"schedule {name!r}: {problem}")
    return FAILED if synced.problems else OK


def _deletion(made: Plan) -> str:
    return f"delete {', '.join(one.id for one in made.orphans)}"


def _ending(synced: Synced, *, pruned: bool) -> list[str]:
    """What sync has left as it is, and why."""
    made = synced.plan
    why = "stays, since not all could be done" if pruned else "is no longer in the code; goes with sync --prune"
    paused = [f"= {one.id} was paused by hand, and stays as it is" for one in made.drift if one.action == "paused"]
    stayed = [f"- {one.id} {why}" for one in made.orphans if one not in synced.applied]
    return [*paused, *stayed, f"{len(synced.applied)} of {len(made.changes)} changed"]


def _pause(command: _Command) -> int:
    return _each(command, command.client.schedule.pause, "paused")


def _resume(command: _Command) -> int:
    return _each(command, command.client.schedule.resume, "resumed")


def _each(command: _Command, act: Callable[[str], object], done: str) -> int:
    """All names are looked up before anything is done."""
    owner = command.owner
    ours = {one.schedule_id for one in command.held() if owner.owns(one)}
    ids = [name if name in ours else owner.id_of(name) for name in command.options.names]
    for name, schedule_id in zip(command.options.names, ids, strict=True):
        if schedule_id not in ours:
            known = [owner.name_of(one) for one in sorted(ours)]
            raise ConfigurationError(
                f"QStash has no schedule {schedule_id} with the label {LABEL}"
                + (f"; {hint(name, known)}" if known else "; run sync first")
            )
    for schedule_id in dict.fromkeys(ids):
        try:
            act(schedule_id)
        except APIError as error:
            if error.status != _NOT_FOUND:
                raise
            raise ConfigurationError(f"{schedule_id} was deleted meanwhile") from error
        if not command.options.json:
            command.terminal.say(f"{schedule_id} {done}")
    if command.options.json:
        command.say_json({done: list(dict.fromkeys(ids))})
    return OK


_RUN: Mapping[str, Callable[[_Command], int]] = {
    "list": _list, "plan": _plan, "check": _check, "sync": _sync, "pause": _pause, "resume": _resume,
}  # fmt: skip
