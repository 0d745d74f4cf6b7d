"""All commands by name; a module is imported when its command is called for, so that none pays for another.

Some stand above the adapters and are named here as text: an app needs neither the local server nor the demo.
"""

from importlib import import_module
from typing import IO, Any, cast

import click

# In the order of the help: those of a developer, of messages, of the account, of the app.
MODULES = {
    "dev": "qstash_integrations.cli.dev",
    "demo": "qstash_integrations.cli.demo",
    "doctor": "qstash_integrations.verbs.doctor",
    "routes": "qstash_integrations.verbs.routes",
    "sign": "qstash_integrations.cli.sign",
    "publish": "qstash_integrations.verbs.publish",
    "publish-many": "qstash_integrations.verbs.publish_many",
    "messages": "qstash_integrations.verbs.messages",
    "dlq": "qstash_integrations.verbs.dlq",
    "logs": "qstash_integrations.verbs.logs",
    "queues": "qstash_integrations.verbs.queues",
    "url-groups": "qstash_integrations.verbs.url_groups",
    "flow-control": "qstash_integrations.verbs.flow_control",
    "keys": "qstash_integrations.verbs.keys",
    "schedules": "qstash_integrations.verbs.schedules",
    "outbox": "qstash_integrations.verbs.outbox",
    "inbox": "qstash_integrations.cli.inbox",
}


class NoCommand(click.UsageError):
    """With the help for its message."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Without the usage, which the help has."""
        click.echo(self.message, file=file, err=file is None)


def one_is_missing(context: click.Context) -> None:
    """Raises NoCommand, unless a shell asks how the line goes on."""
    if not context.resilient_parsing:
        raise NoCommand(context.get_help(), context)


class Verbs(click.Group):
    """Knows every command and imports those that are asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Show the help where no command is asked for, which is wrong usage."""
        if not args:
            one_is_missing(ctx)
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = MODULES.get(cmd_name)
        return None if module is None else cast("click.Command", import_module(module).command)
