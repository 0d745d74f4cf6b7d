"""What ``--inbox`` names, and what a verb of ``inbox`` prints.

Spec: https://docs.sqlalchemy.org/en/20/core/exceptions.html
"""

from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from .._core.errors import ConfigurationError, QStashError
from ..schedules.modules import attribute_of, look_here, module_named
from .inbox import Inbox


def inbox_named(name: str) -> Inbox:
    """``name`` is ``module:attribute``, or a module with one inbox."""
    look_here()
    module_name, _, attribute = name.partition(":")
    module = module_named(module_name, "--inbox")
    inboxes: dict[int, Any] = {id(value): value for value in vars(module).values() if isinstance(value, Inbox)}
    found = [attribute_of(module, attribute, "--inbox")] if attribute else list(inboxes.values())
    if len(found) != 1:
        raise ConfigurationError(f"--inbox {name}: there are {len(found)} in it; name one, as in {name}:inbox")
    (inbox,) = found
    if not isinstance(inbox, Inbox):
        raise ConfigurationError(f"--inbox {name} is no inbox but {type(inbox).__name__}")
    return inbox


def counts_of(inbox: Inbox, verb: str) -> dict[str, int | None]:
    """QStashError for a database that cannot be used."""
    try:
        return {"pruned": inbox.prune()} if verb == "prune" else inbox.stats()._asdict()
    except SQLAlchemyError as error:
        # Its other lines show the statement and its values.
        raise QStashError(f"the database: {str(error).partition(chr(10))[0][:300]}") from error
