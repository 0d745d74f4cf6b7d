"""Runs a verb of ``outbox``: the same in Django and in ``qstash-integrations``. Shows no body and no header."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from .._core.contention import is_kind
from .._core.errors import ConfigurationError, QStashError
from ..schedules.terminal import Terminal
from .driving import drive
from .here import Here
from .patience import patiently
from .relay import pruned, relay
from .row import Row
from .stopping import stopped_by_signals
from .store import Stats
from .sweeping import Swept
from .verbs import FAILED, OK, UNHEALTHY, OutboxCommand

_SHOWN = 20  # parked rows
_OF_DATABASES = ("SQLAlchemyError", "DatabaseError", "InterfaceError")


def run(options: OutboxCommand, find: Callable[[], Here], terminal: Terminal) -> int:
    """Run a verb; the exit code. QStashError says what went wrong, also with the database."""
    try:
        return _run(options, find(), terminal)
    except QStashError:
        raise
    except Exception as error:
        if not isinstance(error, OSError) and not is_kind(error, _OF_DATABASES):
            raise
        # The first line of what the driver says: the others show the statement and its values.
        why = str(error).partition("\n")[0][:300]
        raise QStashError(f"the database: {type(error).__name__}: {why}") from error


def _run(options: OutboxCommand, here: Here, terminal: Terminal) -> int:
    try:
        return _RUN[options.verb](options, here, terminal)
    finally:
        # Of a connection that is broken already.
        with suppress(Exception):
            here.store.close()


def _relay(options: OutboxCommand, here: Here, terminal: Terminal) -> int:
    begun_at = here.clock.monotonic()

    def report(total: Swept) -> None:
        if options.json:
            terminal.say(json.dumps(_swept_json(total)))
        progress.draw(total.sent, _swept_line(total, here.clock.monotonic() - begun_at))

    with terminal.progress("sending", None) as progress, stopped_by_signals() as stop:
        total = relay(
            here.store,
            here.client,
            stop=stop,
            once=options.once,
            interval=options.interval,
            keep=here.kept,
            report=report,
            clock=here.clock,
        )
    if options.json:
        terminal.say(json.dumps(_swept_json(total)))
    else:
        terminal.say(_swept_line(total, here.clock.monotonic() - begun_at))
    if not options.once or stop.is_set():
        return OK
    if total.pause:
        terminal.complain(str(total.error))
        return FAILED
    return _health(here.store.stats(here.clock.now()))


def _stats(options: OutboxCommand, here: Here, terminal: Terminal) -> int:
    now = here.clock.now()
    stats, sent, parked = here.store.stats(now), here.store.sent(), here.store.parked(_SHOWN)
    if options.json:
        terminal.say(json.dumps(_stats_json(here.store.label, stats, sent, parked, now), indent=2))
    else:
        for text in _stats_lines(stats, sent, parked, now):
            terminal.say(text)
    return _health(stats)


def _requeue(options: OutboxCommand, here: Here, terminal: Terminal) -> int:
    if bool(options.ids) == options.all:
        raise ConfigurationError("give ids of parked rows, or --all")
    ids = list(dict.fromkeys(options.ids))
    wanted, now = None if options.all else ids, here.clock.now()
    steps = patiently(lambda store: store.requeue(wanted, now), here.clock)
    count: int = drive(steps, here.store, here.client)
    terminal.say(json.dumps({"requeued": count}) if options.json else f"{_rows(count)} due again")
    if not options.all and count < len(ids):
        terminal.complain(f"{len(ids) - count} of {len(ids)} are not parked")
        return FAILED
    return OK


def _prune(options: OutboxCommand, here: Here, terminal: Terminal) -> int:
    age = here.kept if options.older_than is None else _milliseconds(options.older_than)
    if age is None:
        raise ConfigurationError(
            "rows are deleted when they are sent; for those that were kept before say --older-than"
        )
    count = 0
    with terminal.progress("deleting", None) as progress:
        for some in pruned(here.store, here.client, here.clock, here.clock.now() - age):
            count += some
            progress.draw(count, f"{_rows(count)} deleted")
    terminal.say(json.dumps({"pruned": count}) if options.json else f"{_rows(count)} deleted")
    return OK


def _health(stats: Stats) -> int:
    return UNHEALTHY if stats.parked or stats.overdue else OK


def _swept_line(total: Swept, seconds: float) -> str:
    parts = [f"{total.sent:,} sent"]
    if seconds >= 1 and total.sent:
        parts[0] += f" ({total.sent / seconds:,.0f} a second)"
    parts += [f"{count:,} {what}" for count, what in ((total.refused, "refused"), (total.parked, "parked")) if count]
    if total.error:
        parts.append(total.error)
    return ", ".join(parts)


def _swept_json(total: Swept) -> dict[str, Any]:
    return {
        "sent": total.sent,
        "refused": total.refused,
        "parked": total.parked,
        "lost": total.lost,
        "pause_seconds": total.pause / 1000,
        "error": total.error,
    }


def _stats_lines(stats: Stats, sent: int, parked: list[Row], now: int) -> Iterator[str]:
    oldest = "" if stats.oldest_at is None else f", the oldest for {_span(now - stats.oldest_at)}"
    yield f"waiting  {stats.waiting:,}{oldest}"
    yield f"overdue  {stats.overdue:,}"
    yield f"parked   {stats.parked:,}"
    yield f"sent     {sent:,}"
    for row in parked:
        yield f"  {row.id}  {row.tries} {'try' if row.tries == 1 else 'tries'}  {row.error or ''}".rstrip()
    if stats.parked > len(parked):
        yield f"  and {stats.parked - len(parked):,} more"


def _stats_json(label: str, stats: Stats, sent: int, parked: list[Row], now: int) -> dict[str, Any]:
    return {
        "store": label,
        **asdict(stats),
        "sent": sent,
        "oldest_at": _iso(stats.oldest_at),
        "oldest_seconds": None if stats.oldest_at is None else max(0, now - stats.oldest_at) / 1000,
        "parked_rows": [
            {"id": row.id, "created_at": _iso(row.created_at), "tries": row.tries, "error": row.error} for row in parked
        ],
    }


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _span(milliseconds: int) -> str:
    return str(timedelta(seconds=max(0, milliseconds) // 1000))


def _iso(at: int | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at / 1000, UTC).isoformat()


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)


_RUN: Mapping[str, Callable[[OutboxCommand, Here, Terminal], int]] = {
    "relay": _relay, "stats": _stats, "requeue": _requeue, "prune": _prune,
}  # fmt: skip
