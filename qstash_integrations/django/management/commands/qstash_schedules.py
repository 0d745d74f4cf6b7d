"""``manage.py qstash_schedules list|plan|sync|check|pause|resume``.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-management-commands/
"""

import argparse
import sys
from typing import Any, Literal

from django.core.management.base import BaseCommand, CommandParser

from ....schedules.commands import run
from ....schedules.terminal import Terminal
from ....schedules.verbs import EXIT_CODES, add_verbs
from ...schedules import here


class Command(BaseCommand):
    """Ends the process with the exit code of the verb, unless that is 0."""

    help = f"Schedules of this project, as the code says. {EXIT_CODES}"
    # What is wrong with the project otherwise is no reason not to look: the tasks may run elsewhere.
    requires_system_checks: list[str] | tuple[str, ...] | Literal["__all__"] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_verbs(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        terminal = Terminal.of_process()
        code = run(
            argparse.Namespace(**options),
            here,
            Terminal(say=self.stdout.write, complain=self.stderr.write, ask=terminal.ask),
        )
        if code:
            sys.exit(code)
