"""``demo``: four frameworks receive verified messages."""

from .._core.errors import QStashError
from ..verbs.verb import Session, verb
from .dev import Plain, say


@verb(None, "demo", cls=Plain)
def command(session: Session) -> int:
    """Watch four frameworks receive verified messages.

    Starts a local QStash and an example app in each framework, and shows what passes between them.
    """
    try:
        from ..demo import run
    except ImportError as error:
        raise QStashError(
            f"the demo needs {error.name}; install it with: pip install 'qstash_integrations[all]'"
        ) from error
    return run(say)
