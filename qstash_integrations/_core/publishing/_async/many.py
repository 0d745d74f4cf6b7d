"""``Many`` for ``async for``, over messages that may come asynchronously as well.

A class and no async generator: one that is left in the middle would have to be closed by hand on trio.
"""

import inspect
import warnings
from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Any

from .._sync.many import NEVER_STARTED
from ..operations import Operation
from ..operations.many import Chunks, Progress, check_source
from ..operations.message import PublishResult
from . import AsyncRunner


class AsyncMany(AsyncIterator[PublishResult]):
    """The receipts, in the messages' order. Nothing is sent before it is iterated over, or told to ``send``.

    After an APIError or TransportError iterating goes on with the chunk that failed, under the same deduplication ids:
    within ten minutes nothing is published twice, unless ``retry=False`` left them out.
    """

    _started = True

    def __init__(
        self,
        runner: AsyncRunner,
        messages: Iterable[Any] | AsyncIterable[Any],
        *,
        as_json: bool,
        chunk_size: int,
        on_progress: Progress | None,
    ) -> None:
        check_source(messages, Iterable, AsyncIterable)
        self._chunks = Chunks(runner.new_id, as_json=as_json, chunk_size=chunk_size)
        self._runner = runner
        self._messages = aiter(messages) if isinstance(messages, AsyncIterable) else iter(messages)
        self._on_progress = on_progress
        self._started = False

    @property
    def accepted(self) -> int:
        """How many messages QStash has accepted so far: the index of the first that it has not."""
        return self._chunks.accepted

    async def send(self) -> int:
        """Send all that is left and keep no receipts; how many messages were accepted in all."""
        self._started = True
        while await self._send():
            pass
        self._chunks.receipts = iter(())
        return self.accepted

    async def __anext__(self) -> PublishResult:
        self._started = True
        while True:
            for receipt in self._chunks.receipts:
                return receipt
            if not await self._send():
                raise StopAsyncIteration

    async def _send(self) -> bool:
        chunks = self._chunks
        operation = chunks.next or await self._read()
        if operation is None:
            return False
        with chunks.sending():
            receipts = await self._runner.run(operation)
        chunks.accept(receipts)
        if self._on_progress is not None:
            told = self._on_progress(chunks.accepted)
            if inspect.isawaitable(told):
                await told
        return True

    async def _read(self) -> Operation[list[PublishResult]] | None:
        chunks = self._chunks
        with chunks.reading():
            if isinstance(self._messages, AsyncIterator):
                async for message in self._messages:
                    if chunks.add(message):
                        return chunks.next
            elif any(map(chunks.add, self._messages)):
                return chunks.next
            chunks.finish()
        return chunks.next

    def __del__(self) -> None:
        if not self._started:
            warnings.warn(NEVER_STARTED, RuntimeWarning, stacklevel=2, source=self)
