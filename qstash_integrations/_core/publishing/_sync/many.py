# Made of _async/many.py by tools/unasync.py: change that one, and run it.
"""What ``publish_many`` returns: it reads, sends and hands out receipts as it is iterated over.

A class and no generator: an async one that is left in the middle would have to be closed by hand on trio.
"""

import warnings
from collections.abc import Iterator
from typing import Generic, TypeVar, cast

from ..discreet import discreet
from ..message_options import AnyMessage
from ..operations import Operation
from ..operations.many import NEVER_STARTED, Chunks, Progress, unkept
from ..operations.message import PublishResult
from ..waiting import Source, fill, opened, tell
from . import Runner

R_co = TypeVar("R_co", covariant=True)


@discreet
class Many(Iterator[R_co], Generic[R_co]):
    """The receipts, in the messages' order. Nothing is sent before it is iterated over, or told to ``send``.

    After an APIError or TransportError iterating goes on with the chunk that failed, under the same deduplication ids:
    within ten minutes nothing is published twice, unless ``retry=False`` left them out.
    """

    _started = True

    def __init__(
        self,
        runner: Runner,
        messages: Source[AnyMessage],
        *,
        as_json: bool,
        chunk_size: int,
        on_progress: Progress | None,
    ) -> None:
        self._messages = opened(messages)
        self._chunks = Chunks(runner.new_id, runner.added, as_json=as_json, chunk_size=chunk_size)
        self._runner = runner
        self._on_progress = on_progress
        self._started = False

    @property
    def accepted(self) -> int:
        """How many messages QStash has accepted so far: the index of the first that it has not."""
        return self._chunks.accepted

    def send(self) -> int:
        """Send all that is left and keep no receipts; how many messages were accepted in all."""
        self._started = True
        while self._send(keep=False):
            pass
        self._chunks.receipts = iter(())
        return self.accepted

    def __next__(self) -> R_co:
        self._started = True
        while True:
            for receipt in self._chunks.receipts:
                return cast("R_co", receipt)
            if not self._send():
                raise StopIteration

    def _send(self, *, keep: bool = True) -> bool:
        chunks = self._chunks
        operation = chunks.next or self._read()
        if operation is None:
            return False
        with chunks.sending():
            receipts = self._runner.run(operation if keep else unkept(operation))
        chunks.accept(receipts)
        if self._on_progress is not None:
            tell(self._on_progress, chunks.accepted)
        return True

    def _read(self) -> Operation[list[PublishResult]] | None:
        chunks = self._chunks
        with chunks.reading():
            if not fill(chunks.add, self._messages):
                chunks.finish()
        return chunks.next

    def __del__(self) -> None:
        if not self._started:
            warnings.warn(NEVER_STARTED, RuntimeWarning, stacklevel=2, source=self)
