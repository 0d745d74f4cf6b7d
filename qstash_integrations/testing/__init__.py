"""Tests for apps that take the production path: nothing of verification is switched off.

``sign`` makes the headers of a delivery, ``Outbox`` keeps what is published, ``LocalQStash`` brings it back to the app.
Needs no pytest; ``qstash_integrations.pytest_plugin`` has them as fixtures.
"""

from typing import TYPE_CHECKING

from .outbox import Outbox
from .recorded import CreatedSchedule, PublishedMessage
from .signing import sign

if TYPE_CHECKING:
    from .local import LocalQStash
    from .seen import Attempt, DeadLetter, NotServed, Refused
else:

    def __getattr__(name):
        # The engine needs an extra, which who only signs or records does not.
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            from . import local, seen
        except ImportError as error:
            raise ImportError(
                f"{name} needs {error.name}; install it with: pip install 'qstash_integrations[server]'",
                name=error.name,
            ) from error
        return next(getattr(module, name) for module in (local, seen) if hasattr(module, name))

    def __dir__():
        return sorted({*globals(), *__all__})


__all__ = [
    "Attempt",
    "CreatedSchedule",
    "DeadLetter",
    "LocalQStash",
    "NotServed",
    "Outbox",
    "PublishedMessage",
    "Refused",
    "sign",
]
