"""``schedules``: compare those in the code with QStash's, and make them alike."""

from collections.abc import Callable
from typing import Any

import click

from .._core.errors import QStashError
from .verb import CheckingGroup, CheckingVerb, Session, as_json, verb, yes

CODES = (
    "Exit codes: 0 all is well, 1 it could not be done or told, 2 (of check) the code and QStash differ, or "
    "(of sync) --yes is missing."
)
_reveal = click.option("--reveal", is_flag=True, help="Show bodies and headers instead of their hashes.")


@click.group("schedules", cls=CheckingGroup)
def command() -> None:
    """Schedules of the app, as its code says."""


def _verb(name: str) -> Callable[[Callable[..., int]], click.Command]:
    return verb(command, name, codes=CODES, cls=CheckingVerb)


@_verb("list")
@as_json
def list_(session: Session, **given: Any) -> int:
    """What QStash has of this app and environment."""
    return _run(session, "list", **given)


@_verb("plan")
@_reveal
@as_json
def plan(session: Session, **given: Any) -> int:
    """What sync would do; changes nothing."""
    return _run(session, "plan", **given)


@_verb("sync")
@click.option("--prune", is_flag=True, help="Delete those that are no longer in the code; asks.")
@yes
@_reveal
@as_json
def sync(session: Session, **given: Any) -> int:
    """Create, change and move what differs."""
    return _run(session, "sync", **given)


@_verb("check")
@_reveal
@as_json
def check(session: Session, **given: Any) -> int:
    """Exit 2 where code and QStash differ; a read-only token is enough."""
    return _run(session, "check", **given)


@_verb("pause")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@as_json
def pause(session: Session, **given: Any) -> int:
    """Skip their ticks; sync leaves them as they are."""
    return _run(session, "pause", **given)


@_verb("resume")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@as_json
def resume(session: Session, **given: Any) -> int:
    """End a pause."""
    return _run(session, "resume", **given)


def _run(session: Session, name: Any, *, as_json: bool, **given: Any) -> int:
    # Pydantic takes its time, and the other commands need none.
    try:
        from ..schedules.commands import run
        from ..schedules.verbs import SchedulesCommand
    except ImportError as error:
        raise QStashError(str(error)) from error
    asked = SchedulesCommand(verb=name, json=as_json, **given)
    return run(asked, lambda: session.app.schedules(), session.output.of_verbs)
