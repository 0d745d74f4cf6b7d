"""The command line ``qstash-integrations``. What it imports, it imports when a command needs it."""

import contextlib
import os
import sys
from collections.abc import Sequence

INTERRUPTED = 130  # what shells say of a program that Ctrl+C ended
NOBODY_READS = 141  # and of one whose output nobody reads any more
# What a command needs without which it is nothing; of all others the command line alone is missing.
EXTRAS = {"dev": "server", "demo": "all"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. What went wrong is one line on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        try:
            from .console import run
        except ModuleNotFoundError as error:
            if error.name != "click":
                raise
            extra = EXTRAS.get(given[0] if given else "", "cli")
            sys.stderr.write(
                "qstash-integrations: the command line needs click; install it with: "
                f"pip install 'qstash_integrations[{extra}]'\n"
            )
            return 1
        try:
            return run(given)
        except KeyboardInterrupt:
            return INTERRUPTED
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Who read the output has gone, as ``| head`` does: what is left of it goes nowhere, also when Python ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOBODY_READS
