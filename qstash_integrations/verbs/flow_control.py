"""``flow-control``: what the keys allow, and how much of it is taken."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

import click

from .filtering import span
from .verb import DONE, Group, Session, as_json, verb


@click.group("flow-control", cls=Group)
def command() -> None:
    """Flow-control keys of the account."""


@verb(command, "list")
@click.option("--search", metavar="TEXT", help="Keys that have this in them.")
@as_json
def list_(session: Session, *, search: str | None, as_json: bool) -> int:
    """Keys with messages that wait or are in flight."""
    keys = session.client.flow_control.list(search=search)
    if as_json:
        session.output.json([asdict(key) for key in keys])
    else:
        columns = ("key", "waiting", "parallelism", "rate", "paused")
        session.output.table(columns, [_row(key) for key in keys], none="no flow-control keys")
    return DONE


@verb(command, "show")
@click.argument("key", required=False)
@as_json
def show(session: Session, *, key: str | None, as_json: bool) -> int:
    """One key; without a KEY the parallelism of the account."""
    api = session.client.flow_control
    shown = asdict(api.get(key) if key else api.get_global_parallelism())
    session.output.json(shown) if as_json else session.output.fields(shown)
    return DONE


@verb(command, "pause")
@click.argument("key")
@as_json
def pause(session: Session, *, key: str, as_json: bool) -> int:
    """Deliver nothing under this key until it is resumed."""
    session.client.flow_control.pause(key)
    return _told(session, key, "paused", as_json)


@verb(command, "resume")
@click.argument("key")
@as_json
def resume(session: Session, *, key: str, as_json: bool) -> int:
    """End a pause."""
    session.client.flow_control.resume(key)
    return _told(session, key, "resumed", as_json)


@verb(command, "pin")
@click.argument("key")
@click.option("--parallelism", type=click.IntRange(1), metavar="N", help="Deliveries in flight.")
@click.option("--rate", type=click.IntRange(1), metavar="N", help="Deliveries in a period.")
@click.option("--period", type=span, metavar="DURATION", help="Of the rate, such as 1m; 1s by default.")
@as_json
def pin(
    session: Session, *, key: str, parallelism: int | None, rate: int | None, period: timedelta | None, as_json: bool
) -> int:
    """Set limits that no message changes."""
    if parallelism is None and rate is None:
        raise click.UsageError("give --parallelism, --rate, or both")
    if rate is None and period is not None:
        raise click.UsageError("--period is that of a --rate")
    session.client.flow_control.pin(key, parallelism=parallelism, rate=rate, period=period)
    return _told(session, key, "pinned", as_json)


@verb(command, "unpin")
@click.argument("key")
@click.option("--parallelism", is_flag=True, help="The parallelism alone.")
@click.option("--rate", is_flag=True, help="The rate alone.")
@as_json
def unpin(session: Session, *, key: str, parallelism: bool, rate: bool, as_json: bool) -> int:
    """Let messages change the limits again: both, unless one is named."""
    both = parallelism == rate
    session.client.flow_control.unpin(key, parallelism=parallelism or both, rate=rate or both)
    return _told(session, key, "unpinned", as_json)


def _told(session: Session, key: str, done: str, as_json: bool) -> int:
    session.output.json({done: key}) if as_json else session.output.say(f"{key} {done}")
    return DONE


def _row(key: Any) -> tuple[Any, ...]:
    rate = f"{key.rate_count}/{key.rate_max} per {key.rate_period}s" if key.rate_max else ""
    parallelism = f"{key.parallelism_count}/{key.parallelism_max}" if key.parallelism_max else ""
    rate += " pinned" if key.is_pinned_rate else ""
    parallelism += " pinned" if key.is_pinned_parallelism else ""
    return key.key, key.wait_list_size, parallelism, rate, "paused" if key.is_paused else ""
