"""``dlq``: messages whose last attempt has failed."""

from collections.abc import Callable
from typing import Any

import click

from .._core.errors import APIError
from .filtering import chosen, filter_of, filtered
from .showing import as_shown, counted, moment, place, reveal
from .verb import DONE, FAILED, Group, Session, as_json, confirm, verb, yes

_NOT_FOUND = 404
_TRIMMED = 200  # bytes of a body, of which a list shows nothing


@click.group("dlq", cls=Group)
def command() -> None:
    """The dead letter queue: list, show, retry, delete."""


def _which(function: Any) -> Any:
    """With the options that say which dead letters."""
    for option in (
        click.option("--message-id", metavar="ID"),
        click.option("--status", "response_status", type=int, multiple=True, help="Of the last attempt."),
        filtered,
    ):
        function = option(function)
    return function


@verb(command, "list")
@_which
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@as_json
def list_(session: Session, *, limit: int, as_json: bool, **given: Any) -> int:
    """Dead letters, oldest first."""
    letters = session.client.dlq.iter(filter=filter_of(given) or None, count=min(limit, 100), trim_body=_TRIMMED)
    found = [letter for _, letter in zip(range(limit), letters, strict=False)]
    if as_json:
        session.output.json([_row(letter) for letter in found])
        return DONE
    rows = [list(_row(letter).values()) for letter in found]
    session.output.table(("id", "created", "status", "method", "url", "why"), rows, none="no dead letters")
    return DONE


@verb(command, "show")
@click.argument("dlq_id", metavar="ID")
@reveal
@as_json
def show(session: Session, *, dlq_id: str, reveal: bool, as_json: bool) -> int:
    """One dead letter, with what came back from its last attempt."""
    shown = as_shown(session.client.dlq.get(dlq_id), revealed=reveal)
    session.output.json(shown) if as_json else session.output.fields(shown)
    return DONE


@verb(command, "retry")
@click.argument("dlq_ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All of the account.")
@_which
@yes
@as_json
def retry(session: Session, *, dlq_ids: tuple[str, ...], every: bool, yes: bool, as_json: bool, **given: Any) -> int:
    """Publish dead letters anew: by their ids, by filters, or all."""
    wanted = chosen(dlq_ids, every, given)
    if not dlq_ids and not confirm(session.output, f"publish {_said(wanted)} anew", sure=yes):
        return FAILED
    dlq = session.client.dlq

    def some() -> int:
        return len(dlq.retry_many(filter=wanted) if wanted else dlq.retry_all())

    return _operate(session, dlq_ids, dlq.retry, some, "retried", as_json)


@verb(command, "delete")
@click.argument("dlq_ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="All of the account.")
@_which
@yes
@as_json
def delete(session: Session, *, dlq_ids: tuple[str, ...], every: bool, yes: bool, as_json: bool, **given: Any) -> int:
    """Delete dead letters: by their ids, by filters, or all."""
    wanted = chosen(dlq_ids, every, given)
    which = counted(dlq_ids, "dead letter") if dlq_ids else _said(wanted)
    if not confirm(session.output, f"delete {which}", sure=yes):
        return FAILED
    dlq = session.client.dlq

    def some() -> int:
        return dlq.delete_many(filter=wanted) if wanted else dlq.delete_all()

    return _operate(session, dlq_ids, dlq.delete, some, "deleted", as_json)


def _said(wanted: Any) -> str:
    return "all dead letters that fit" if wanted else "all dead letters"


def _operate(
    session: Session,
    ids: tuple[str, ...],
    one: Callable[[str], object],
    some: Callable[[], int],
    done: str,
    as_json: bool,
) -> int:
    """By ids one by one, so that each that failed is told; else a part at a time, until none is left."""
    output, missing, count = session.output, list[str](), 0
    wanted = list(dict.fromkeys(ids))
    with output.progress("dead letters", len(wanted) or None) as progress:
        for dlq_id in wanted:
            try:
                one(dlq_id)
                count += 1
            except APIError as error:
                if error.status != _NOT_FOUND:
                    raise
                missing.append(dlq_id)
            progress.draw(count + len(missing), f"{count} {done}")
        while not wanted and (more := some()):
            count += more
            progress.draw(count, f"{count} {done}")
    if as_json:
        output.json({done: count, "missing": missing})
    else:
        output.say(f"{count} {done}")
    for dlq_id in missing:
        output.complain(f"there is no dead letter {dlq_id}")
    return FAILED if missing else DONE


def _row(letter: Any) -> dict[str, Any]:
    return {
        "dlq_id": letter.dlq_id,
        "created_at": moment(letter.created_at),
        "response_status": letter.response_status,
        "method": letter.method,
        "url": place(letter.url),
        "why": "no answer" if not letter.response_status else f"answered {letter.response_status}",
    }
