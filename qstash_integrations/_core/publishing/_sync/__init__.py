# Made of _async/__init__.py by tools/unasync.py: change that one, and run it.
"""The API as methods, a module per resource as in ``operations``, and the client that sends them.

Written by hand in ``_async``; ``tools/unasync.py`` makes ``_sync`` of it.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from ..inputs import Header
from ..operations import Operation
from ..operations.message import NewId

T = TypeVar("T")


class Runner(Protocol):
    """Sends operations: an ``QStash``."""

    @property
    def new_id(self) -> NewId | None: ...

    @property
    def added(self) -> Sequence[Header]: ...

    def run(self, operation: Operation[T]) -> T: ...
