"""How a command line that is ours from its first word on comes to its end: its exit code."""

from collections.abc import Sequence
from typing import TextIO

import click


def exit_code(command: click.Command, arguments: Sequence[str], name: str, *, stderr: TextIO | None = None) -> int:
    """Run a command; ``stderr`` is told of wrong usage.

    Ctrl+C and readers that have gone pass through, of which click's own ``main`` would make other things.
    """
    try:
        with command.make_context(name, [*arguments]) as context:
            code = command.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.ClickException as error:
        error.show(file=stderr)
        return error.exit_code
    return code if isinstance(code, int) else 0
