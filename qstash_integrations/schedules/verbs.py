"""``schedules list|plan|sync|check|pause|resume`` and their options. Needs no more than ``argparse``.

Exit codes: 0, all is well; 1, it could not be done or told, and nothing is known; 2, from ``check`` alone, the code and
QStash say something else.
"""

import argparse
import sys
from collections.abc import Callable
from typing import NoReturn

OK, FAILED, DRIFT = 0, 1, 2
EXIT_CODES = "Exit codes: 0 all is well, 1 it could not be done or told, 2 (of check) the code and QStash differ."
_VERBS = {
    "list": "what QStash has of this app and environment",
    "plan": "what sync would do; changes nothing",
    "sync": "create, change and move what differs",
    "check": "exit 2 where code and QStash differ; a read-only token is enough",
    "pause": "skip their ticks; sync leaves them as they are",
    "resume": "end a pause",
}


def add_verbs(parser: argparse.ArgumentParser, add_options: Callable[[argparse.ArgumentParser], object] = id) -> None:
    """Put the verbs below a command; each also has what ``add_options`` gives it. What they say is ``options.verb``."""
    wrong_usage_fails(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="verb", required=True)
    for verb, says in _VERBS.items():
        one = verbs.add_parser(verb, help=says, description=f"{says[0].upper()}{says[1:]}.", epilog=EXIT_CODES)
        wrong_usage_fails(one)
        add_options(one)
        if verb in ("pause", "resume"):
            one.add_argument("names", nargs="+", metavar="NAME", help="of a schedule, as the code calls it, or its id")
        one.add_argument("--json", action="store_true", help="print one JSON value, for programs")
        if verb in ("plan", "sync", "check"):
            one.add_argument("--reveal", action="store_true", help="show bodies and headers instead of their hashes")
        if verb == "sync":
            one.add_argument("--prune", action="store_true", help="delete those that are no longer in the code; asks")
            one.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")


def wrong_usage_fails(parser: argparse.ArgumentParser) -> None:
    """With 1: 2 would be taken for what ``check`` has found."""
    if not getattr(parser, "called_from_command_line", True):
        return  # Django's, which raises an exception where code calls the command

    def error(message: str) -> NoReturn:
        parser.print_usage(sys.stderr)
        parser.exit(FAILED, f"{parser.prog}: error: {message}\n")

    setattr(parser, "error", error)  # noqa: B010 - to type checkers a method is not to be assigned
