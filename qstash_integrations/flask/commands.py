"""``flask qstash ...``: the commands of this package, about the app that Flask has found, and with its publisher.

Spec: https://flask.palletsprojects.com/en/stable/cli/#custom-commands
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from flask import Flask
from flask.cli import ScriptInfo

from .conf import app_here, config_of, load, tasks_given
from .publisher import qstash

if TYPE_CHECKING:
    from ..doctor.place import Place
    from ..schedules.commands import Here
    from ..verbs import App


def add_commands(app: Flask) -> None:
    """Unless the app has a command of this name."""
    if "qstash" not in app.cli.commands:
        app.cli.add_command(_Group("qstash", callback=_begin, help="QStash, and what this app has to do with it."))


class _Group(click.Group):
    """Most commands of an app are none of ours, and pay nothing for them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            from ..verbs.group import one_is_missing

            one_is_missing(ctx)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return _verbs().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return _verbs().get_command(ctx, cmd_name)


def _verbs() -> click.Group:
    from ..verbs import Verbs

    return Verbs()


@click.pass_context
def _begin(context: click.Context) -> None:
    from ..verbs import begin

    begin(context, partial(_found, context))


@contextmanager
def _found(context: click.Context) -> "Generator[App]":
    app = context.ensure_object(ScriptInfo).load_app()
    with app.app_context():
        yield about(app)


def about(app: Flask) -> "App":
    """For commands about this app, in its context."""
    from ..verbs import App
    from ..verbs.app import outbox_beside
    from .listing import routes_of

    client: Any = qstash
    return App(
        client=lambda: client,
        load=partial(load, app),
        routes=partial(routes_of, app),
        schedules=here,
        outbox=partial(outbox_beside, sys.modules.get(app.import_name)),
        place=partial(_place, app),
    )


def _place(app: Flask) -> "Place":
    from .place import place

    return place(app)


def here() -> "Here":
    """The current app: what it was given, and what stands beside it in its own module."""
    from ..schedules.commands import Here
    from ..schedules.finding import schedules_beside, schedules_in

    app = app_here()
    given = tasks_given(app)
    own = sys.modules.get(app.import_name)
    found = [*schedules_beside(given.tasks), *schedules_in(given.schedules), *schedules_in(own)]
    return Here(schedules=list(dict.fromkeys(found)), client=qstash, config=config_of(app))
