"""The commands of this package, about a Django project. Needs click.

Spec: https://click.palletsprojects.com/en/stable/
"""

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click
import django
from django.apps import apps

from ..schedules.terminal import Terminal
from ..verbs import App, Verbs, begin
from ..verbs.output import Output
from ..verbs.running import exit_code
from .conf import load, outbox_keep
from .listing import routes_of
from .publisher import qstash

if TYPE_CHECKING:
    from ..doctor.place import Place
    from ..outbox.here import Here as OutboxHere
    from ..schedules.commands import Here


def set_up() -> None:
    """For who comes from outside of the project."""
    if not apps.ready:
        django.setup()


def about() -> App:
    """For commands about the project, once that is set up."""
    client: Any = qstash
    return App(client=lambda: client, load=load, routes=routes_of, schedules=_schedules, outbox=_outbox, place=_place)


def _place() -> "Place":
    from .place import place

    return place()


def _schedules() -> "Here":
    # Pydantic is no part of the extra.
    from .schedules import here

    return here()


def run(arguments: list[str], name: str, stdout: Any, stderr: Any) -> int:
    """The exit code. ``stdout`` and ``stderr`` are a command's of Django."""
    terminal = Terminal(say=stdout.write, complain=stderr.write, ask=Terminal.of_process().ask)
    output = Output(terminal=terminal, stdout=stdout, stderr=sys.stderr)

    class Project(Verbs):
        def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
            context = super().make_context(*args, **kwargs)
            begin(context, lambda: nullcontext(about()), output)
            return context

    project = Project("qstash", help="QStash, and what this project has to do with it.")
    return exit_code(project, arguments, name, stderr=stderr)


def _outbox(name: str | None) -> "OutboxHere":
    """``name`` is the alias of a database, or that of an outbox of SQLAlchemy's, as in shop.db:outbox."""
    from django.db import connections

    from .._core.errors import ConfigurationError
    from ..outbox.finding import located_outbox
    from ..outbox.here import Here
    from .outbox.databases import database
    from .outbox.sending import client
    from .outbox.store import DjangoStore

    if name is not None and name not in connections:
        if ":" in name:
            return located_outbox(name)
        raise ConfigurationError(f"--outbox {name}: DATABASES has no such alias; it has {', '.join(connections)}")
    return Here(store=DjangoStore(database(name)), client=client, keep=outbox_keep())
