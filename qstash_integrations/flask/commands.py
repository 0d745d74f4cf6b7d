"""``flask qstash ...``: what is said to QStash about the app, from the app's own command line.

Spec: https://flask.palletsprojects.com/en/stable/cli/#custom-commands
"""

import argparse
import sys
from typing import TYPE_CHECKING

import click
from flask import Flask
from flask.cli import with_appcontext

from .conf import app_here, config_of, tasks_given
from .publisher import qstash

if TYPE_CHECKING:
    from ..schedules.commands import Here

# Whatever stands behind the command is read as everywhere else: exit code 2 is for what ``check`` finds.
_AS_THEY_ARE = {"ignore_unknown_options": True, "allow_interspersed_args": False, "help_option_names": list[str]()}


def add_commands(app: Flask) -> None:
    """Unless the app has a command of this name."""
    if "qstash" not in app.cli.commands:
        app.cli.add_command(_group)


@click.group("qstash")
def _group() -> None:
    """What QStash has of this app."""


@_group.command("schedules", context_settings=_AS_THEY_ARE, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@with_appcontext
def _schedules(arguments: tuple[str, ...]) -> None:
    """List, plan, sync, check, pause and resume schedules."""
    # Pydantic takes its time, and most commands of an app need none.
    try:
        from ..schedules.commands import run
        from ..schedules.terminal import Terminal
    except ImportError as error:
        raise click.ClickException(str(error)) from error
    from ..schedules.verbs import add_verbs

    parser = argparse.ArgumentParser(
        prog="flask qstash schedules", description="Schedules of this app, as the code says."
    )
    add_verbs(parser)
    options = parser.parse_args(arguments)

    sys.exit(run(options, here, Terminal.of_process()))


def here() -> "Here":
    """The current app: what it was given, and what stands beside it in its own module."""
    from ..schedules.commands import Here
    from ..schedules.finding import schedules_beside, schedules_in

    app = app_here()
    given = tasks_given(app)
    own = sys.modules.get(app.import_name)
    found = [*schedules_beside(given.tasks), *schedules_in(given.schedules), *schedules_in(own)]
    return Here(schedules=list(dict.fromkeys(found)), client=qstash, config=config_of(app))
