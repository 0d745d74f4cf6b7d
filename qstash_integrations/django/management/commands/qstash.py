"""``manage.py qstash ...``: the commands of this package, about this project, and with its publisher.

What stands behind its name is read as everywhere else; only the options that each of Django's commands has are taken
out. It ends the process with the exit code, unless that is 0.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-management-commands/
"""

import argparse
import sys
from typing import Any, Literal

from django.core.management.base import BaseCommand, CommandError, CommandParser, handle_default_options
from django.db import connections

_NO_CLICK = "the commands need click; install it with: pip install 'qstash_integrations[cli]'"
_VALUES = ("--settings", "--pythonpath", "--verbosity")
_FLAGS = ("--traceback", "--no-color", "--force-color", "--skip-checks")


class Command(BaseCommand):
    help = "QStash, and what this project has to do with it."
    # What is wrong with the project otherwise is no reason not to look: a relay goes on, tasks may run elsewhere.
    requires_system_checks: list[str] | tuple[str, ...] | Literal["__all__"] = ()

    def run_from_argv(self, argv: list[str]) -> None:
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        for name in _VALUES:
            parser.add_argument(name)
        for name in _FLAGS:
            parser.add_argument(name, action="store_true")
        at = argv.index("--") if "--" in argv else len(argv)
        options, own = parser.parse_known_args(argv[2:at])
        handle_default_options(options)
        try:
            code = self._run([*own, *argv[at:]], f"{argv[0].rpartition('/')[2]} {argv[1]}")
        except CommandError as error:
            self.stderr.write(str(error))
            code = error.returncode
        finally:
            connections.close_all()
        if code:
            sys.exit(code)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("arguments", nargs=argparse.REMAINDER)

    def handle(self, *args: Any, **options: Any) -> None:
        """For ``call_command("qstash", "dlq", "list", "--json")``."""
        code = self._run(options["arguments"], "manage.py qstash")
        if code:
            sys.exit(code)

    def _run(self, arguments: list[str], name: str) -> int:
        try:
            from ...commands import run
        except ModuleNotFoundError as error:
            if error.name != "click":
                raise
            raise CommandError(_NO_CLICK) from error
        return run(arguments, name, self.stdout, self.stderr)
