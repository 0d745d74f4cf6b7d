"""What all commands of one call share: which app, and where to write. Found by whoever starts them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING

import click

from .app import App
from .output import Output

if TYPE_CHECKING:
    from .._core.publishing.client import QStash

_KEY = "qstash_integrations.session"


class Session:
    """``find`` gives the app, which is the running one until the command has ended."""

    def __init__(self, find: Callable[[], AbstractContextManager[App]], output: Output, context: click.Context) -> None:
        self.output = output
        self.app_name: str | None = None
        """What ``--app`` says, where there is such an option."""
        self._find = find
        self._context = context

    @cached_property
    def app(self) -> App:
        """Not before a command needs it: an app may be slow to import, or broken."""
        return self._context.with_resource(self._find())

    @cached_property
    def client(self) -> "QStash":
        return self.app.client()


def begin(
    context: click.Context, find: Callable[[], AbstractContextManager[App]], output: Output | None = None
) -> Session:
    """For the commands below this context."""
    session = Session(find, output or Output.of_process(), context)
    context.meta[_KEY] = session
    return session


def session_of(context: click.Context) -> Session:
    """Of whoever began, else for the environment."""
    found: Session | None = context.meta.get(_KEY)
    return found or begin(context.find_root(), lambda: nullcontext(App()))
