"""``manage.py qstash_inbox``: what is in the inbox, and delete the marks that no message can need any more.

It exits with 0 when all was done, 1 when the database cannot be used, 2 for a wrong command line.

Spec: https://docs.djangoproject.com/en/stable/howto/custom-management-commands/
"""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DEFAULT_DB_ALIAS, DatabaseError

from ....._core.errors import ConfigurationError
from .....inbox import KEPT, kept_for, shown
from ...handling import problem_of
from ...pruning import prune, stats


class Command(BaseCommand):
    help = "Look at the inbox, and delete the marks that no message can need any more."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs: Any = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        for name, said in (("prune", "delete old marks"), ("stats", "count marks")):
            verb = verbs.add_parser(name, help=said)
            verb.add_argument("--database", default=DEFAULT_DB_ALIAS, metavar="ALIAS", help="default: %(default)s")
            verb.add_argument(
                "--kept",
                type=_kept,
                default=KEPT,
                metavar="DURATION",
                help="how long marks stay: longer than QStash may come again, also from its dead letter queue "
                f"(default: {KEPT.days}d)",
            )
            verb.add_argument("--json", action="store_true", help="for machines")

    def handle(self, *args: Any, **options: Any) -> None:
        using: str = options["database"]
        problem = problem_of(using)
        if problem is not None:
            raise CommandError(problem)
        try:
            if options["verb"] == "prune":
                counts: dict[str, Any] = {"pruned": prune(using, options["kept"])}
            else:
                counts = stats(using, options["kept"])
        except DatabaseError as error:
            raise CommandError(f"the database {using!r} cannot be used: {error}") from error
        self.stdout.write(shown(counts, as_json=options["json"]))


def _kept(text: str) -> timedelta:
    try:
        return kept_for(text)
    except ConfigurationError as error:
        raise ArgumentTypeError(str(error)) from None
