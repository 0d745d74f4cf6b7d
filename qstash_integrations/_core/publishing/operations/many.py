"""Any number of messages as one batch after the other. Pure: ``Many`` and ``AsyncMany`` do the reading and sending.

Spec: https://upstash.com/docs/qstash/features/batch
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from ...errors import APIError, TransportError
from ..inputs import Header
from ..results.fields import is_list
from ..results.published import is_receipt
from . import Operation
from .batch import Batch
from .message import NewId, PublishResult
from .outline import Outlines

# Of one call. QStash takes ten times as much; memory stays flat, and a try that is lost costs little.
CHUNK_BYTES = 10_000_000
Progress = Callable[[int], object]
NEVER_STARTED = "publish_many was called and nothing was sent: iterate over what it returns, or call its send()"


class Chunks:
    """What was read and what QStash has accepted. No message shows in its repr."""

    def __init__(self, new_id: NewId | None, added: Sequence[Header], *, as_json: bool, chunk_size: int) -> None:
        if type(chunk_size) is not int or chunk_size < 1:
            raise ValueError(f"chunk_size must be a number of messages >= 1, not {chunk_size!r}")
        self.accepted = 0
        """How many messages QStash has accepted: the index of the first that it has not."""
        self.receipts: Iterator[PublishResult] = iter(())
        """Of the chunk that was accepted last, those not handed out yet."""
        self.next: Operation[list[PublishResult]] | None = None
        """The chunk to be sent, which stays until it is accepted: sent again, it keeps its deduplication ids."""
        self._as_json = as_json
        self._chunk_size = chunk_size
        self._batch = Batch(new_id, Outlines(added))
        self._size = 0
        self._is_broken = False
        self._is_busy = False

    @contextmanager
    def reading(self) -> Generator[None]:
        """Around every reading of messages. What goes wrong there is final: the source may have lost its place."""
        if self._is_broken and not self._is_busy:
            raise RuntimeError(
                f"publish_many has failed while it read its messages; {self.accepted} were accepted, so start again "
                f"with messages[{self.accepted}]"
            )
        with self._alone():
            self._is_broken = True
            yield
            self._is_broken = False

    def add(self, message: Any) -> bool:
        """Take one more message; whether ``next`` is full with it, or would have been too large with it."""
        batch = self._batch
        batch.add(message, as_json=self._as_json)
        if batch.size > CHUNK_BYTES and len(batch) > 1:
            self._batch = batch.split()
        elif len(batch) == self._chunk_size:
            self._batch = batch.following()
        else:
            return False
        self._queue(batch)
        return True

    def finish(self) -> None:
        """There are no more messages: what was taken since the last chunk is one more."""
        batch = self._batch
        if len(batch):
            self._batch = batch.following()
            self._queue(batch)

    @contextmanager
    def sending(self) -> Generator[None]:
        """Around the sending of ``next``: an error says which messages it is about."""
        with self._alone():
            try:
                yield
            except (APIError, TransportError) as error:
                _place(error, f"messages[{self.accepted}] to messages[{self.accepted + self._size - 1}]")
                raise

    def accept(self, receipts: list[PublishResult]) -> None:
        self.next = None
        self.accepted += self._size
        self.receipts = iter(receipts)

    @contextmanager
    def _alone(self) -> Generator[None]:
        if self._is_busy:
            raise RuntimeError("two tasks or threads iterate over one publish_many; give each its own")
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    def _queue(self, batch: Batch) -> None:
        self.next, self._size = batch.operation(in_parts=True), len(batch)


def unkept(operation: Operation[list[PublishResult]]) -> Operation[list[PublishResult]]:
    """The same call for who keeps no receipts: plain ones are looked at and not made."""

    def read(answer: Any) -> list[PublishResult]:
        many = len(operation.own_ids)
        # The only one is told to OpenTelemetry.
        is_plain = many > 1 and is_list(answer) and len(answer) == many and all(map(is_receipt, answer))
        return [] if is_plain else operation.read(answer)

    return replace(operation, read=read)


def _place(error: APIError | TransportError, where: str) -> None:
    if isinstance(error, APIError):
        error.detail = f"{where}: {error.detail}"
        error.args = (error.status, error.detail, *error.args[2:])
    else:
        error.args = (f"{where}: {error}",)
