"""A server in a thread of its own, for the length of a block."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future

from ..._core.receiving.receiver import wall_clock
from .config import LocalServer, ServerConfig
from .serving import Watch, serve


@contextlib.contextmanager
def running(
    config: ServerConfig | None = None, *, clock: Callable[[], float] = wall_clock, watch: Watch | None = None
) -> Generator[LocalServer]:
    """A server on a free port unless the config names one.

    ``clock`` decides what is due; signatures carry the time of this machine all the same. ``watch`` is called in the
    server's thread. Raises StartupError when the port or the file cannot be used, or in production.
    """
    chosen = config or ServerConfig(port=0, patience=1.0)
    ready: Future[tuple[LocalServer, Callable[[], object]]] = Future()

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        await serve(
            chosen,
            stopping,
            lambda server: ready.set_result((server, lambda: loop.call_soon_threadsafe(stopping.set))),
            clock,
            watch,
        )

    def thread_main() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=thread_main, name="qstash-local-server", daemon=True)
    thread.start()
    try:
        server, stop = ready.result()
        try:
            yield server
        finally:
            # A server that failed has closed its loop already.
            with contextlib.suppress(RuntimeError):
                stop()
    finally:
        thread.join()
