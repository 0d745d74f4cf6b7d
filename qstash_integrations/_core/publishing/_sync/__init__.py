"""The API as methods that wait for the answer. The async twins are in ``_async``; both only name operations.

One module per resource, as in ``operations``.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from typing import Protocol, TypeVar

from ..operations import Operation
from ..operations.message import NewId

T = TypeVar("T")


class Runner(Protocol):
    """Sends operations: a ``QStash``."""

    @property
    def new_id(self) -> NewId | None: ...

    def run(self, operation: Operation[T]) -> T: ...
