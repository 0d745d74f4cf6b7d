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


class AsyncRunner(Protocol):
    """Sends operations: an ``AsyncQStash``."""

    @property
    def new_id(self) -> NewId | None: ...

    @property
    def added(self) -> Sequence[Header]: ...

    async def run(self, operation: Operation[T]) -> T: ...
