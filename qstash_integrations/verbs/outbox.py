"""``outbox``: send what an outbox still has, and look after it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from .filtering import span
from .verb import CheckingGroup, CheckingVerb, Session, as_json, as_json_lines, verb

CODES = (
    "Exit codes: 0 all is well, 1 it could not be done, 2 (of stats and relay --once) rows are parked, or have waited "
    "for more than ten minutes."
)


@click.group("outbox", cls=CheckingGroup)
def command() -> None:
    """Messages that were written with transactions."""


def _verb(name: str) -> Callable[[Callable[..., int]], click.Command]:
    """With the option that names the outbox."""

    def made(function: Callable[..., int]) -> click.Command:
        named = click.option(
            "--outbox", metavar="NAME", help="Such as shop.db:outbox; in Django the alias of its database."
        )
        return verb(command, name, codes=CODES, cls=CheckingVerb)(named(function))

    return made


@_verb("relay")
@click.option("--once", is_flag=True, help="End when nothing is due any more; for cron.")
@click.option(
    "--interval", type=click.FloatRange(0.05, 3600), default=1.0, show_default=True, help="Seconds between two looks."
)
@as_json_lines
def relay(session: Session, **given: Any) -> int:
    """Send what is due, until it is told to end."""
    return _run(session, "relay", **given)


@_verb("stats")
@as_json
def stats(session: Session, **given: Any) -> int:
    """Count what waits, what is parked and what was sent."""
    return _run(session, "stats", **given)


@_verb("requeue")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "all", is_flag=True, help="All that are parked.")
@as_json
def requeue(session: Session, **given: Any) -> int:
    """Make parked rows due again."""
    return _run(session, "requeue", **given)


@_verb("prune")
@click.option("--older-than", type=span, metavar="7d", help="Since they were sent; else as long as they are kept.")
@as_json
def prune(session: Session, *, older_than: timedelta | None, **given: Any) -> int:
    """Delete rows that were sent, in batches."""
    return _run(session, "prune", older_than=older_than, **given)


def _run(session: Session, name: Any, *, outbox: str | None, as_json: bool, **given: Any) -> int:
    from ..outbox.commands import run
    from ..outbox.verbs import OutboxCommand

    asked = OutboxCommand(verb=name, json=as_json, **given)
    return run(asked, lambda: session.app.outbox(outbox), session.output.of_verbs)
