"""The commands as ``qstash-integrations`` has them: each that is about an app takes ``--app``.

Spec: https://click.palletsprojects.com/en/stable/shell-completion/
"""

import copy
import os
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import click

from ..verbs import App, Verbs, begin
from ..verbs.running import exit_code
from ..verbs.session import Session, session_of
from ..verbs.verb import Verb, WithOption

NAME = "qstash-integrations"
COMPLETE = "_QSTASH_INTEGRATIONS_COMPLETE"


class _Console(Verbs):
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        return None if found is None else _with_app(found)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        context = super().make_context(*args, **kwargs)
        session: Session = begin(context, lambda: _found(session.app_name))
        return context


def run(arguments: list[str]) -> int:
    """Run a command, or tell a shell how its line goes on; the exit code."""
    if instruction := os.environ.get(COMPLETE):
        from click.shell_completion import shell_complete

        return shell_complete(_console, {}, NAME, COMPLETE, instruction)
    return exit_code(_console, arguments, NAME)


def read(arguments: list[str]) -> None:
    """Raises UsageError for what is no command, or one that takes no such options; runs nothing."""
    context = _console.make_context(NAME, arguments)
    found: click.Command = _console
    rest = arguments
    while isinstance(found, click.Group):
        name, inner, rest = found.resolve_command(context, rest)
        assert inner is not None
        context, found = click.Context(inner, parent=context, info_name=name), inner
    found.make_context(context.info_name, rest, parent=context.parent)


def print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    """Of an option ``--version``."""
    if wanted and not context.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"{NAME} {version('qstash_integrations')}")
        context.exit()


version_option: WithOption = click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=print_version, help="Print the version."
)


@click.group(NAME, cls=_Console, context_settings={"help_option_names": ["-h", "--help"]})
@version_option
def _console() -> None:
    """QStash for Python web apps."""


def _with_app(found: click.Command) -> click.Command:
    """A copy, since other command lines have an app already."""
    if isinstance(found, click.Group):
        made = copy.copy(found)
        made.commands = {name: _with_app(inner) for name, inner in found.commands.items()}
        return made
    if not isinstance(found, Verb) or not found.is_about_app:
        return found
    command = copy.copy(found)
    command.params = [*found.params, _app_option()]
    return command


def _app_option() -> click.Option:
    return click.Option(
        ["--app"],
        metavar="MODULE[:NAME]",
        expose_value=False,
        callback=_name,
        help="Your app, of whatever framework, or a module with schedules; else the project of "
        "DJANGO_SETTINGS_MODULE, else the environment.",
    )


def _name(context: click.Context, _: click.Parameter, name: str | None) -> None:
    session_of(context).app_name = name


def _found(name: str | None) -> AbstractContextManager[App]:
    if name is None and not os.environ.get("DJANGO_SETTINGS_MODULE"):
        return nullcontext(App())
    return _located(name)


@contextmanager
def _located(name: str | None) -> Generator[App]:
    from ..located import located

    with located(name) as app:
        yield app
