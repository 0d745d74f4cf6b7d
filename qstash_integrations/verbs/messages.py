"""``messages``: what QStash still holds. Its API has no list of them; ``logs --state IN_PROGRESS`` is the nearest."""

from typing import Any

import click

from .filtering import chosen, filtered
from .showing import as_shown, counted, reveal
from .verb import DONE, FAILED, Group, Session, as_json, confirm, verb, yes

_AT_ONCE = 100


@click.group("messages", cls=Group)
def command() -> None:
    """Look at messages on their way, and cancel them."""


@verb(command, "get")
@click.argument("message_id")
@reveal
@as_json
def get(session: Session, *, message_id: str, reveal: bool, as_json: bool) -> int:
    """One message that is not delivered yet."""
    shown = as_shown(session.client.message.get(message_id), revealed=reveal)
    session.output.json(shown) if as_json else session.output.fields(shown)
    return DONE


@verb(command, "cancel")
@click.argument("message_ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All of the account.")
@filtered
@yes
@as_json
def cancel(
    session: Session, *, message_ids: tuple[str, ...], every: bool, yes: bool, as_json: bool, **given: Any
) -> int:
    """Cancel messages: by their ids, by filters, or all."""
    wanted = chosen(message_ids, every, given)
    which = counted(message_ids, "message") if message_ids else "all messages" + (" that fit" if wanted else "")
    if not confirm(session.output, f"cancel {which}", sure=yes):
        return FAILED
    message = session.client.message
    if message_ids:
        ids = list(dict.fromkeys(message_ids))
        count = sum(message.cancel_many(ids[at : at + _AT_ONCE]) for at in range(0, len(ids), _AT_ONCE))
    else:
        count = message.cancel_many(filter=wanted) if wanted else message.cancel_all()
    session.output.json({"cancelled": count}) if as_json else session.output.say(f"{count} cancelled")
    return FAILED if count < len(set(message_ids)) else DONE
