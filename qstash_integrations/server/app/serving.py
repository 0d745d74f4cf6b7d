"""Store, engine, API and worker put together, in one event loop, in one thread.

``run`` serves in the foreground until a signal comes, ``running`` in a thread of its own until a block is left.
Reads no environment: with the signing keys of an account, it would sign whatever a publisher here asks for.
"""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from types import FrameType

import uvicorn

from ..api import Access, Api
from ..engine import Engine
from ..identifiers import password
from ..store import Store
from ..worker import Attempt, Rewrites, Sender, Worker
from . import credentials
from .config import LocalServer, ServerConfig
from .listening import listen

Watch = Callable[[Attempt], None]
INTERRUPTED = 130


def run(config: ServerConfig, *, started: Callable[[LocalServer], None], watch: Watch | None = None) -> int:
    """Serve until SIGINT or SIGTERM comes, and let deliveries under way end; the exit code, 130 or 0.

    A second signal ends it at once. Raises StartupError when the port or the file cannot be used.
    """
    signals: list[int] = []

    async def serve() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: FrameType | None) -> None:
            signals.append(number)
            _restore_signals()
            loop.call_soon_threadsafe(stopping.set)

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        await _serve(config, stopping, started, time.time, watch)

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        _restore_signals()
    return INTERRUPTED if signal.SIGINT in signals else 0


@contextlib.contextmanager
def running(
    config: ServerConfig | None = None, *, clock: Callable[[], float] = time.time, watch: Watch | None = None
) -> Generator[LocalServer]:
    """A server in a thread of its own, on a free port unless the config names one.

    ``clock`` decides what is due; signatures carry the time of this machine all the same. ``watch`` is called in the
    server's thread.
    """
    chosen = config or ServerConfig(port=0, patience=1.0)
    ready: Future[tuple[LocalServer, Callable[[], object]]] = Future()

    async def serve() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()
        await _serve(
            chosen,
            stopping,
            lambda server: ready.set_result((server, lambda: loop.call_soon_threadsafe(stopping.set))),
            clock,
            watch,
        )

    def thread_main() -> None:
        try:
            asyncio.run(serve())
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


async def _serve(
    config: ServerConfig,
    stopping: asyncio.Event,
    started: Callable[[LocalServer], None],
    clock: Callable[[], float],
    watch: Watch | None,
) -> None:
    rewrites = Rewrites(config.rewrites)
    with listen(config.host, config.port) as bound, contextlib.closing(Store.open(config.db)) as store:
        token = credentials.token(store, bound.is_loopback)
        engine = Engine(store, clock=clock, keys=credentials.first_keys(bound.is_loopback), limits=config.limits)
        if not bound.is_loopback:
            credentials.retire_published_keys(engine)
        worker = Worker(
            engine,
            Sender(config.network or ("local" if bound.is_loopback else "public"), bound.address, rewrites=rewrites),
            clock=clock,
            longest_timeout=config.longest_timeout,
            watch=watch,
        )
        code = None if bound.is_loopback else password()
        api = Api(engine, Access(token, bound.names, code=code), changed=worker.wake)
        http = _Http(_http_config(api))
        # Connections wait in the backlog for the moment that it takes to accept them.
        started(
            LocalServer(
                url=bound.url,
                token=token,
                keys=engine.keys(),
                is_loopback=bound.is_loopback,
                dashboard=f"{bound.url}/#token={code}" if code else f"{bound.url}/",
            )
        )
        tasks = [asyncio.create_task(http.serve([bound.socket])), asyncio.create_task(worker.run())]
        ending = asyncio.create_task(stopping.wait())
        await asyncio.wait((ending, *tasks), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        # What is being delivered may publish in turn: the API answers until that has ended.
        await worker.stop(config.patience)
        http.should_exit = True
        await asyncio.gather(*tasks)


class _Http(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are ours: uvicorn would end without waiting for deliveries."""
        yield


def _http_config(api: Api) -> uvicorn.Config:
    return uvicorn.Config(
        api,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        # The caller's address is stored with its messages: nobody may claim another one.
        proxy_headers=False,
        h11_max_incomplete_event_size=64 * 1024,
        timeout_graceful_shutdown=2,
    )


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
