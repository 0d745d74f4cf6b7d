"""Every command that there is, by the words that are typed."""

from collections.abc import Iterator

import click

from qstash_integrations.verbs import Verbs


def leaves(command: click.Command | None = None, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Those that do something."""
    found = Verbs() if command is None else command
    if not isinstance(found, click.Group):
        yield " ".join(path)
        return
    context = click.Context(found)
    for name in found.list_commands(context):
        yield from leaves(found.get_command(context, name), (*path, name))


def branches() -> set[str]:
    """Those that only lead to others; the first one is all."""
    return {leaf.rpartition(" ")[0] for leaf in leaves()}
