"""``outbox relay|stats|requeue|prune`` and their options. Needs no more than ``argparse``.

Exit codes: 0, all is well, also of a relay that was told to end; 1, it could not be done; 2, from ``stats`` and ``relay
--once``, something is parked, or has waited for too long.
"""

import argparse
from collections.abc import Callable
from datetime import timedelta

from .._core.durations import parse_duration
from ..schedules.verbs import wrong_usage_fails

OK, FAILED, UNHEALTHY = 0, 1, 2
EXIT_CODES = (
    "Exit codes: 0 all is well, 1 it could not be done, 2 (of stats and relay --once) rows are parked, or have waited "
    "for more than ten minutes."
)
_VERBS = {
    "relay": "send what is due, until it is told to end",
    "stats": "count what waits, what is parked and what was sent",
    "requeue": "make parked rows due again",
    "prune": "delete rows that were sent, in batches",
}


def add_verbs(parser: argparse.ArgumentParser, add_options: Callable[[argparse.ArgumentParser], object] = id) -> None:
    """Put the verbs below a command; each also has what ``add_options`` gives it. What they say is ``options.verb``."""
    wrong_usage_fails(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    for verb, says in _VERBS.items():
        one = verbs.add_parser(verb, help=says, description=f"{says[0].upper()}{says[1:]}.", epilog=EXIT_CODES)
        wrong_usage_fails(one)
        add_options(one)
        if verb == "relay":
            one.add_argument("--once", action="store_true", help="end when nothing is due any more; for cron")
            one.add_argument(
                "--interval", type=_seconds, default=1.0, metavar="SECONDS", help="between two looks (default: 1)"
            )
        if verb == "requeue":
            one.add_argument("ids", nargs="*", metavar="ID", help="of rows, as stats shows them")
            one.add_argument("--all", action="store_true", help="all that are parked")
        if verb == "prune":
            one.add_argument(
                "--older-than", type=_age, metavar="7d", help="since they were sent (default: as long as they are kept)"
            )
        says_json = "print one JSON value per line" if verb == "relay" else "print one JSON value"
        one.add_argument("--json", action="store_true", help=f"{says_json}, for programs")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.05 <= seconds <= 3600:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 0.05 to 3600")
    return seconds


def _age(text: str) -> timedelta:
    try:
        return parse_duration(text, "it")
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
