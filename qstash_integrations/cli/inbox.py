"""``inbox``: marks of messages whose work is committed. Of Django's there is ``manage.py qstash_inbox``."""

import click

from .._core.errors import ConfigurationError
from ..verbs.verb import DONE, Group, Session, as_json, verb

_named = click.option("--inbox", "name", required=True, metavar="MODULE[:NAME]", help="Yours, such as shop.db:inbox.")


@click.group("inbox", cls=Group)
def command() -> None:
    """Delete marks of messages that no message can need any more.

    In a Django project there is manage.py qstash_inbox.
    """


@verb(command, "prune")
@_named
@as_json
def prune(session: Session, *, name: str, as_json: bool) -> int:
    """Delete the marks that are older than the inbox keeps them."""
    return _run(session, "prune", name, as_json)


@verb(command, "stats")
@_named
@as_json
def stats(session: Session, *, name: str, as_json: bool) -> int:
    """Count them."""
    return _run(session, "stats", name, as_json)


def _run(session: Session, what: str, name: str, as_json: bool) -> int:
    try:
        from ..inbox import shown
        from ..sqlalchemy.command import counts_of, inbox_named
    except ImportError as error:
        raise ConfigurationError(str(error)) from error
    session.output.say(shown(counts_of(inbox_named(name), what), as_json=as_json))
    return DONE
