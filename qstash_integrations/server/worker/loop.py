"""The one loop: fire what is scheduled, claim what is due, send it, record what came of it, sleep until more is due.

No rule of QStash lives here: the engine decides what is due, and what an outcome means.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from ..._core.log_fields import fields
from ..attempt import Attempt, SignedRequest, answer_limit, no_answer, signed_request
from ..engine import Engine
from ..faults import fault_log
from ..model import Headline, Keys, Message, Note
from .sending import Body, Sender

# A clock that was set, or a machine that slept, is noticed after this.
LONGEST_SLEEP = 10.0
SHORTEST_SLEEP = 0.005
AFTER_A_FAILURE = 1.0
SWEEP_EVERY = 30.0


class Worker:
    """Drives the engine in real time. Belongs to one event loop, in the engine's own thread.

    ``clock`` is the engine's scheduling clock; what is signed carries ``wall_clock``. ``watch`` is told of every
    attempt once it is recorded, ``follow`` of what else happened.
    """

    def __init__(
        self,
        engine: Engine,
        sender: Sender,
        *,
        clock: Callable[[], float] = time.time,
        wall_clock: Callable[[], float] = time.time,
        watch: Callable[[Attempt], None] | None = None,
        follow: Callable[[Headline | Note], None] | None = None,
    ) -> None:
        self._engine = engine
        self._sender = sender
        self._clock = clock
        self._wall_clock = wall_clock
        self._longest_timeout = engine.limits.timeout
        self._watch = watch
        self._follow = follow
        if follow is not None:
            engine.news.listen()
        self._logger = fault_log()
        self._most = engine.limits.parallelism
        self._woken = asyncio.Event()
        self._reading = asyncio.Lock()
        self._recovered = False
        self._stopping = False
        self._running: set[asyncio.Task[None]] = set()
        self._ended: list[Attempt] = []
        self._record_from = 0.0
        self._sweep_from = time.monotonic() + SWEEP_EVERY

    def wake(self) -> None:
        """Something may be due now: a call changed the engine's state."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until ``stop`` is called; first what a process that died left behind."""
        while not self._stopping:
            self._woken.clear()
            seconds = self._step()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._woken.wait()

    async def stop(self, patience: float) -> int:
        """Start nothing more and wait for what is under way; how many deliveries were given up after ``patience``.

        Those count as never tried: they are delivered again when the server starts with the same file.
        """
        self._stopping = True
        self.wake()
        late: set[asyncio.Task[None]] = set()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=patience)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        self._record_alone(self._take_ended())
        await self._sender.aclose()
        return len(late)

    def _step(self) -> float:
        """Start all that is due; the seconds for which nothing will be, unless ``wake`` is called."""
        try:
            if not self._recovered:
                self._engine.claiming.recover()
                self._recovered = True
            self._sweep()
            started = self._start(self._record_and_claim())
            if self._ended:
                return AFTER_A_FAILURE
            due_at = self._engine.claiming.next_due_at() if len(self._running) < self._most else None
        # A full disk, above all: it stops nothing for good, and no message is lost over it.
        except Exception:
            self._logger.exception(
                "the local QStash cannot use its store; it tries again", extra=fields("server_store_failed")
            )
            return AFTER_A_FAILURE
        if due_at is None:
            return LONGEST_SLEEP
        # The engine may hand out less than is due; when it hands out nothing, it is not asked again in a circle.
        return min(max(due_at - self._clock(), 0 if started else SHORTEST_SLEEP), LONGEST_SLEEP)

    def _record_and_claim(self) -> list[Message]:
        """What came of attempts goes to the engine, and what is due now comes from it, with one commit."""
        self._tell([])  # what calls did since the last step
        ended = self._take_ended()
        try:
            with self._engine.together():
                for attempt in ended:
                    self._engine.recording.record(attempt.message.seq, attempt.outcome)
                claimed = self._claim()
        except Exception:
            if not ended:
                raise
            # One of them is too much for the store: the others need not wait for it.
            self._record_alone(ended)
            return self._claim()
        self._tell(ended)
        return claimed

    def _claim(self) -> list[Message]:
        self._engine.schedules.fire()
        room = self._most - len(self._running)
        return self._engine.claiming.claim(room, whole=False) if room else []

    def _start(self, claimed: Sequence[Message]) -> int:
        if not claimed:
            return 0
        keys = self._engine.keys.get()
        for message in claimed:
            task = asyncio.create_task(self._deliver(message, keys))
            self._running.add(task)
            task.add_done_callback(self._finished)
        return len(claimed)

    def _finished(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self.wake()

    async def _deliver(self, message: Message, keys: Keys) -> None:
        started = time.monotonic()
        try:
            body = partial(self._engine.claiming.body, message)
            outcome = await self._sender.send(
                await self._signed(message, keys, body),
                body=body,
                seconds=min(message.options.timeout or self._longest_timeout, self._longest_timeout),
                limit=answer_limit(message),
            )
        # Whatever it is, the message must not stay "being delivered" for ever.
        except Exception:
            self._logger.exception(
                "the local QStash failed to deliver %s",
                message.id,
                extra=fields("server_delivery_failed", message_id=message.id),
            )
            outcome = no_answer("the local server failed; its log says why")
        self._ended.append(Attempt(message=message, outcome=outcome, seconds=time.monotonic() - started))

    async def _signed(self, message: Message, keys: Keys, body: Body) -> SignedRequest:
        """A large body takes its time to be read: one after the other, and clients have their turn in between."""
        if not message.unread:
            return signed_request(message, keys, self._wall_clock(), body())
        async with self._reading:
            await asyncio.sleep(0)
            return signed_request(message, keys, self._wall_clock(), body())

    def _take_ended(self) -> list[Attempt]:
        if time.monotonic() < self._record_from:
            return []
        ended, self._ended = self._ended, []
        return ended

    def _record_alone(self, ended: Sequence[Attempt]) -> None:
        """Each with a commit of its own; what the engine cannot take now is kept for later."""
        for attempt in ended:
            try:
                self._engine.recording.record(attempt.message.seq, attempt.outcome)
            except Exception:
                self._logger.exception(
                    "what came of %s cannot be stored; the server tries again",
                    attempt.message.id,
                    extra=fields("server_store_failed", message_id=attempt.message.id),
                )
                self._ended.append(attempt)
                self._record_from = time.monotonic() + AFTER_A_FAILURE
                self._sweep_from = 0.0  # what is kept no longer may be what takes the room
            else:
                self._tell([attempt])

    def _tell(self, recorded: Sequence[Attempt]) -> None:
        news = self._engine.news.take()
        ends = {one.seq: one for one in news if isinstance(one, Headline) and one.state != "CREATED"}
        for attempt in recorded:
            then = ends.pop(attempt.message.seq, None)
            if self._watch is not None:
                self._watch(attempt if then is None else replace(attempt, then=then))
        if self._follow is not None:
            for one in news:
                if isinstance(one, Note) or one.state == "CREATED" or one.seq in ends:
                    self._follow(one)

    def _sweep(self) -> None:
        if time.monotonic() >= self._sweep_from:
            # What is left of a large sweep comes with the next steps, between deliveries.
            self._sweep_from = time.monotonic() + (0.0 if self._engine.retention.sweep() else SWEEP_EVERY)
