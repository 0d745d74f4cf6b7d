"""Looks names up beside everything else: in threads of its own, so many at once, each name once at a time.

The system's resolver blocks, for half a minute where a name server does not answer. A name that hangs holds up who
asks for the same name, and nobody else; nor does it hold up the end of the process. What was found is remembered for
a moment, in which many messages go to the same host.
"""

import asyncio
import contextlib
import errno
import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

MOST = 100  # as many as there are deliveries at once
PATIENCE = 10.0  # seconds that a delivery waits for a name
REMEMBERED, UNKNOWN_FOR = 5.0, 1.0  # seconds; the second for a name that was not found
_MOST_REMEMBERED = 1000

Blocking: TypeAlias = Callable[[str], Sequence[str]]


class _Known(NamedTuple):
    until: float
    found: Sequence[str]
    error: BaseException | None


def ask_the_system(host: str) -> Sequence[str]:
    """The addresses of a host, best first. Raises OSError, or UnicodeError for what can be no name."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class Names:
    """Belongs to one event loop. ``clock`` only goes forward."""

    def __init__(
        self,
        ask: Blocking = ask_the_system,
        *,
        most: int = MOST,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._patience = patience
        self._clock = clock
        self._free = asyncio.Semaphore(most)
        self._asked: dict[str, asyncio.Task[Sequence[str]]] = {}
        self._known: dict[str, _Known] = {}

    async def look_up(self, host: str, port: int) -> Sequence[str]:
        """Raises what the resolver does, and OSError when it takes too long."""
        host = host.lower()
        known = self._known.get(host)
        if known is not None and self._clock() < known.until:
            if known.error is not None:
                raise known.error.with_traceback(None)
            return known.found
        try:
            async with asyncio.timeout(self._patience):
                # Who gives up leaves it to the others that wait for the same name.
                return await asyncio.shield(self._asking(host))
        except TimeoutError as error:
            raise OSError(errno.ETIMEDOUT, f"no name server answered within {self._patience:g} s") from error

    async def aclose(self) -> None:
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    def _asking(self, host: str) -> asyncio.Task[Sequence[str]]:
        if host not in self._asked:
            task = self._asked[host] = asyncio.create_task(self._in_a_thread(host))
            task.add_done_callback(lambda _: self._remember(host, task))
        return self._asked[host]

    async def _in_a_thread(self, host: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Sequence[str]] = loop.create_future()

        def work() -> None:
            try:
                found = self._ask(host)
            except (OSError, UnicodeError) as error:
                tell(answer.set_exception, error)
            else:
                tell(answer.set_result, found)

        def tell(setter: Callable[..., None], value: object) -> None:
            # By now nobody may wait for it, or the loop may be gone.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(lambda: None if answer.done() else setter(value))

        async with self._free:
            # No pool of Python's: that is waited for when the process ends.
            threading.Thread(target=work, name="qstash-resolver", daemon=True).start()
            return await answer

    def _remember(self, host: str, task: asyncio.Task[Sequence[str]]) -> None:
        del self._asked[host]
        if task.cancelled():
            return
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        error = task.exception()
        seconds = REMEMBERED if error is None else UNKNOWN_FOR
        self._known[host] = _Known(self._clock() + seconds, () if error else task.result(), error)
