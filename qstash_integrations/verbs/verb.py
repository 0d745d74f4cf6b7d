"""How a command is written: a function of the session and its options, which returns an exit code.

0: it was done. 1: it could not be done, or not for all of it. 2: it was called wrongly, or needs ``--yes``. Where 2
says what a check has found (``schedules check``, ``outbox stats``), wrong usage is 1.
"""

import functools
from collections.abc import Callable
from typing import Any, NoReturn, Protocol, TypeVar

import click

from .._core.errors import QStashError
from ..schedules.terminal import NobodyToAsk
from .output import Output
from .session import Session, session_of

DONE, FAILED, REFUSED = 0, 1, 2
EXIT_CODES = "Exit codes: 0 done, 1 not done, or not for all, 2 called wrongly, or --yes is missing."
Value = TypeVar("Value")
Function = TypeVar("Function", bound=Callable[..., Any])


class WithOption(Protocol):
    """Adds an option to a command."""

    def __call__(self, function: Function, /) -> Function:
        """The command, to which it was added."""
        ...


as_json: WithOption = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
as_json_lines: WithOption = click.option("--json", "as_json", is_flag=True, help="Print a JSON document per line.")
yes: WithOption = click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")


class NoFinding(click.UsageError):
    """Wrong usage of a command whose 2 is what a check has found."""

    exit_code = FAILED


class Verb(click.Command):
    """A command; ``is_about_app`` where it can do something with ``--app``."""

    is_about_app = True
    usage_code = REFUSED

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse what stands behind a ``--`` where nothing can."""
        if "--" in args and not any(isinstance(one, click.Argument) for one in self.params):
            raise click.UsageError("only dev runs a program of yours, as in: qstash-integrations dev -- flask run", ctx)
        return super().parse_args(ctx, args)


class CheckingVerb(Verb):
    """A command whose exit code 2 is what a check has found; wrong usage is 1."""

    usage_code = FAILED

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raises NoFinding for wrong usage."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise NoFinding(error.format_message(), error.ctx) from error


class Group(click.Group):
    """Of commands; called without one it is called wrongly."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Name the commands where none is asked for."""
        if not args and not ctx.resilient_parsing:
            raise click.UsageError(f"name one of {', '.join(self.list_commands(ctx))}", ctx)
        return super().parse_args(ctx, args)


class CheckingGroup(Group):
    """Of commands whose exit code 2 is what a check has found."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Raises NoFinding for wrong usage."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            raise NoFinding(error.format_message(), error.ctx) from error

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Raises NoFinding for a command that there is not."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            raise NoFinding(error.format_message(), error.ctx) from error


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
            except NobodyToAsk as error:
                session.output.complain(str(error))
                code = REFUSED
            except QStashError as error:
                session.output.complain(str(error))
                code = FAILED
            except ValueError as error:  # what the client refuses to send, by its name
                session.output.complain(str(error))
                code = cls.usage_code
            context.exit(code)

        return click.command(name, cls=cls, epilog=codes)(call)

    def added(function: Callable[..., int]) -> click.Command:
        command = made(function)
        if within is not None:
            within.add_command(command)
        return command

    return added


def confirm(output: Output, act: str, *, sure: bool) -> bool:
    """Whether to go on: ``act`` is what would be done, as in "delete 3 dead letters"."""
    if sure or output.terminal.confirm(act):
        return True
    output.complain("nothing was changed")
    return False


def read_by(read: Callable[[str], Value]) -> Callable[[str], Value]:
    """A ``type=`` of an option: the function says what is wrong with a value."""

    @functools.wraps(read)
    def convert(value: str) -> Value:
        try:
            return read(value)
        except (TypeError, ValueError) as error:
            raise click.BadParameter(str(error)) from error

    return convert


__all__ = [
    "DONE", "EXIT_CODES", "FAILED", "REFUSED", "CheckingGroup", "CheckingVerb", "Function", "Group", "NoFinding",
    "Session", "Verb", "WithOption", "as_json", "as_json_lines", "confirm", "read_by", "verb", "yes",
]  # fmt: skip
