"""``manage.py qstash_doctor``: why webhooks do not arrive.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-management-commands/
"""

import argparse
import sys
from typing import Any, Literal

from django.core.management.base import BaseCommand, CommandParser

from ....doctor.commands import run
from ....doctor.verbs import DESCRIPTION, EXIT_CODES, add_options
from ....schedules.terminal import Terminal
from ...introspection import place


class Command(BaseCommand):
    """Ends the process with the exit code of the doctor, unless that is 0."""

    help = f"{DESCRIPTION} {EXIT_CODES}"
    # What is wrong with the project is what it is for.
    requires_system_checks: list[str] | tuple[str, ...] | Literal["__all__"] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        terminal = Terminal.of_process()
        code = run(
            argparse.Namespace(**options),
            place,
            Terminal(say=self.stdout.write, complain=self.stderr.write, ask=terminal.ask),
        )
        if code:
            sys.exit(code)
