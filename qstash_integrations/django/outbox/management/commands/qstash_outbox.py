"""``manage.py qstash_outbox relay|stats|requeue|prune``.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-management-commands/
"""

import argparse
import sys
from typing import Any, Literal

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from .....outbox.commands import run
from .....outbox.here import Here
from .....outbox.verbs import EXIT_CODES, add_verbs
from .....schedules.terminal import Terminal
from ....conf import outbox_keep
from ...databases import database
from ...sending import client
from ...store import DjangoStore


class Command(BaseCommand):
    """Ends the process with the exit code of the verb, unless that is 0."""

    help = f"Send what the outbox still has, and look after it. {EXIT_CODES}"
    # A relay goes on with what was written, whatever is wrong with the project otherwise.
    requires_system_checks: list[str] | tuple[str, ...] | Literal["__all__"] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_verbs(parser, _add_database)

    def handle(self, *args: Any, **options: Any) -> None:
        def find() -> Here:
            return Here(store=DjangoStore(database(options["database"])), client=client, keep=outbox_keep())

        code = run(
            argparse.Namespace(**options), find, Terminal(say=self.stdout.write, complain=self.stderr.write, ask=None)
        )
        if code:
            sys.exit(code)


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--database", choices=tuple(connections), help="the alias whose outbox it is (default: as the routers say)"
    )
