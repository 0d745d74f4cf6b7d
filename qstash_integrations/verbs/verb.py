"""How a command is written: a function of the session and its options, which returns an exit code.

0: it was done. 1: it could not be done, or not for all of it. 2: it was called wrongly, or needs ``--yes``. Where 2
says what a check has found (``schedules check``, ``outbox stats``), wrong usage is 1.
"""

import functools
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import click

from .._core.errors import QStashError
from .output import Output
from .session import Session, session_of

DONE, FAILED, REFUSED = 0, 1, 2
EXIT_CODES = "Exit codes: 0 done, 1 not done, or not for all, 2 called wrongly, or --yes is missing."
Function = TypeVar("Function", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
as_json_lines = click.option("--json", "as_json", is_flag=True, help="Print a JSON document per line.")
yes = click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")


class Verb(click.Command):
    """A command about an app. Where 2 has a meaning of its own, wrong usage is 1."""

    usage_code = REFUSED
    is_about_app = True

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with_code = self.usage_code
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            error.exit_code = with_code
            raise


class CheckingVerb(Verb):
    usage_code = FAILED


class Group(click.Group):
    """Of commands; called without one it is called wrongly."""

    usage_code = REFUSED

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            error.exit_code = self.usage_code
            raise

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            error = click.UsageError(f"name one of {', '.join(self.list_commands(ctx))}", ctx)
            error.exit_code = self.usage_code
            raise error
        return super().parse_args(ctx, args)


class CheckingGroup(Group):
    usage_code = FAILED


def verb(
    within: click.Group | None, name: str, *, codes: str = EXIT_CODES, cls: type[Verb] = Verb
) -> Callable[[Callable[..., int]], click.Command]:
    """Make a command of a function; of its errors, one line and the exit code 1."""

    def made(function: Callable[..., int]) -> click.Command:
        @functools.wraps(function)
        def call(**options: Any) -> NoReturn:
            context = click.get_current_context()
            session = session_of(context)
            try:
                code = function(session, **options)
            except QStashError as error:
                session.output.complain(f"{context.command_path}: {error}")
                code = FAILED
            except ValueError as error:  # what the client refuses to send, by its name
                session.output.complain(f"{context.command_path}: {error}")
                code = cls.usage_code
            context.exit(code)

        return click.command(name, cls=cls, epilog=codes)(call)

    def added(function: Callable[..., int]) -> click.Command:
        command = made(function)
        if within is not None:
            within.add_command(command)
        return command

    return added


class Refused(click.UsageError):
    """What is not done without being sure; one sentence and exit code 2."""

    def show(self, file: Any = None) -> None:
        click.echo(self.format_message(), file=file, err=file is None)


def confirm(output: Output, act: str, *, sure: bool) -> bool:
    """Whether to go on: ``act`` is what would be done, as in "delete 3 dead letters"."""
    if sure:
        return True
    if output.ask is None:
        path = click.get_current_context().command_path
        raise Refused(f"{path}: this would {act}, and there is no terminal to ask at; give --yes as well")
    if output.ask(f"{act[0].upper()}{act[1:]}? [y/N] "):
        return True
    output.complain("nothing was changed")
    return False


__all__ = [
    "DONE", "EXIT_CODES", "FAILED", "REFUSED", "CheckingGroup", "CheckingVerb", "Group", "Session", "Verb", "as_json",
    "as_json_lines", "confirm", "verb", "yes",
]  # fmt: skip
