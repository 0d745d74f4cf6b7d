"""The options of ``doctor``. Needs no more than ``argparse``."""

import argparse

DESCRIPTION = "Find out why webhooks do not arrive: settings and routes, then QStash, then the way between."
EXIT_CODES = (
    "Exit codes: 0 nothing was found; 1 something at or above --fail-on; 2 wrong usage, or nothing was found and not "
    "everything could be looked at. Each finding has a page in docs/doctor.md."
)
OK, FOUND, INCOMPLETE = 0, 1, 2


def add_options(parser: argparse.ArgumentParser) -> None:
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--offline", action="store_true", help="settings and routes alone; for CI")
    how.add_argument(
        "--probe",
        action="store_true",
        help="publish one message to the probe's route as well, which costs as much as any message",
    )
    parser.add_argument(
        "--fail-on",
        choices=("error", "warning", "info"),
        default="error",
        help="exit with 1 for findings of this severity and worse (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON value, for programs")
    parser.add_argument(
        "--report",
        metavar="FILE",
        help="write what was found to this file as well, safe to publish: hosts have aliases",
    )
