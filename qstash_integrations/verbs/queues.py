"""``queues``: list and show them, set how many deliveries are in flight, pause, resume, delete."""

from collections.abc import Callable

import click

from .showing import as_shown
from .verb import DONE, FAILED, Group, Session, as_json, confirm, verb, yes

_COLUMNS = ("name", "parallelism", "lag", "paused")


@click.group("queues", cls=Group)
def command() -> None:
    """Queues of the account."""


@verb(command, "list")
@as_json
def list_(session: Session, *, as_json: bool) -> int:
    """All queues."""
    queues = session.client.queue.list()
    if as_json:
        session.output.json([as_shown(queue, revealed=True) for queue in queues])
    else:
        rows = [(one.name, one.parallelism, one.lag, "paused" if one.paused else "") for one in queues]
        session.output.table(_COLUMNS, rows, none="no queues")
    return DONE


@verb(command, "show")
@click.argument("name")
@as_json
def show(session: Session, *, name: str, as_json: bool) -> int:
    """One queue."""
    shown = as_shown(session.client.queue.get(name), revealed=True)
    session.output.json(shown) if as_json else session.output.fields(shown)
    return DONE


@verb(command, "set")
@click.argument("name")
@click.option("--parallelism", type=click.IntRange(1), required=True, metavar="N", help="Deliveries in flight.")
@as_json
def set_(session: Session, *, name: str, parallelism: int, as_json: bool) -> int:
    """Make a queue, or change one; a paused one stays paused."""
    queue = session.client.queue
    # QStash sets both properties at once, and unpauses a queue of which it is not told that it is paused.
    queue.upsert(name, parallelism=parallelism, paused=any(one.paused for one in queue.list() if one.name == name))
    return _told(session, name, "set", as_json)


@verb(command, "pause")
@click.argument("name")
@as_json
def pause(session: Session, *, name: str, as_json: bool) -> int:
    """Deliver nothing of it until it is resumed."""
    return _act(session, session.client.queue.pause, name, "paused", as_json)


@verb(command, "resume")
@click.argument("name")
@as_json
def resume(session: Session, *, name: str, as_json: bool) -> int:
    """End a pause."""
    return _act(session, session.client.queue.resume, name, "resumed", as_json)


@verb(command, "delete")
@click.argument("name")
@yes
@as_json
def delete(session: Session, *, name: str, yes: bool, as_json: bool) -> int:
    """Delete a queue."""
    if not confirm(session.output, f"delete the queue {name}", sure=yes):
        return FAILED
    return _act(session, session.client.queue.delete, name, "deleted", as_json)


def _act(session: Session, act: Callable[[str], None], name: str, done: str, as_json: bool) -> int:
    act(name)
    return _told(session, name, done, as_json)


def _told(session: Session, name: str, done: str, as_json: bool) -> int:
    session.output.json({done: name}) if as_json else session.output.say(f"{name} {done}")
    return DONE
