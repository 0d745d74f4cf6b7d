"""``logs``: each change in the state of a message."""

import time
from collections.abc import Iterator
from typing import Any

import click

from .filtering import filter_of, filtered
from .showing import moment, place
from .verb import DONE, Session, as_json_lines, verb

_STATES = ("CREATED", "ACTIVE", "RETRY", "ERROR", "IN_PROGRESS", "DELIVERED", "FAILED", "CANCEL_REQUESTED", "CANCELED")
_COLUMNS = ("time", "state", "message", "url", "status", "error")
_PAGE = 100
# The log is behind by so much at most: what arrives late is still found.
_OVERLAP = 60_000  # milliseconds


@verb(None, "logs")
@click.option("--message-id", multiple=True, metavar="ID")
@click.option(
    "--state",
    multiple=True,
    type=click.Choice(_STATES, case_sensitive=False),
    metavar="STATE",
    help=f"{', '.join(_STATES)}; may be repeated.",
)
@filtered
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most so many.")
@click.option("--follow", is_flag=True, help="Go on with what happens from now; Ctrl+C ends it.")
@click.option(
    "--interval", type=click.FloatRange(0.1, 3600), default=2.0, show_default=True, help="Seconds between two looks."
)
@as_json_lines
def command(
    session: Session, *, limit: int, follow: bool, interval: float, as_json: bool, message_id: Any, **given: Any
) -> int:
    """What happened to messages, oldest of the newest first."""
    wanted = filter_of({**given, "message_ids": message_id})
    found = [log for _, log in zip(range(limit), _newest(session, wanted), strict=False)][::-1]
    if not follow and not as_json:
        session.output.table(_COLUMNS, [list(_row(log).values()) for log in found], none="nothing happened")
        return DONE
    for log in found:
        _tell(session, log, as_json)
    if follow:
        _follow(session, wanted, found, interval, as_json)
    return DONE


def _follow(session: Session, wanted: Any, found: list[Any], interval: float, as_json: bool) -> None:
    seen = {_key(log): log.time for log in found}
    since = max(seen.values(), default=0) or int(time.time() * 1000)
    while True:
        time.sleep(interval)
        fresh = [log for log in _newest(session, {**wanted, "from_time": since - _OVERLAP}) if _key(log) not in seen]
        for log in sorted(fresh, key=lambda log: log.time):
            seen[_key(log)] = log.time
            _tell(session, log, as_json)
        since = max([since, *(log.time for log in fresh)])
        seen = {key: at for key, at in seen.items() if at >= since - 2 * _OVERLAP}


def _newest(session: Session, wanted: Any) -> Iterator[Any]:
    return session.client.log.iter(filter=wanted or None, count=_PAGE, trim_body=0)


def _key(log: Any) -> tuple[Any, ...]:
    return log.message_id, log.state, log.time, log.url


def _tell(session: Session, log: Any, as_json: bool) -> None:
    row = _row(log)
    if as_json:
        session.output.json_line(row)
    else:
        from .output import plain

        session.output.say(plain("  ".join(str(value) for value in row.values() if value)))
        session.output.stdout.flush()


def _row(log: Any) -> dict[str, Any]:
    return {
        "time": moment(log.time),
        "state": log.state,
        "message_id": log.message_id,
        "url": place(log.url),
        "response_status": log.response_status or None,
        "error": log.error,
    }
