"""The API as methods to await: the twins of ``api``, name by name.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from typing import Protocol, TypeVar

from ..operations import Operation
from ..operations.message import NewId

T = TypeVar("T")


class AsyncRunner(Protocol):
    """Sends operations: an ``AsyncQStash``."""

    @property
    def new_id(self) -> NewId | None: ...

    async def run(self, operation: Operation[T]) -> T: ...
