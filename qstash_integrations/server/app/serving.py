"""Store, engine, API and worker put together, in one event loop, in one thread.

``run`` serves in the foreground until a signal comes, ``running`` in a thread of its own until a block is left.
Takes no setting from the environment: with the signing keys of an account, it would sign whatever a publisher here
asks for. It only refuses to start where the environment says that it is production.
"""

import asyncio
import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from pathlib import Path
from types import FrameType

import uvicorn

from ..._core.production import declared
from ..api import Users
from ..attempt import Attempt
from ..identifiers import password
from ..model import Keys
from ..tables import Store
from . import credentials, production
from .config import LocalServer, ServerConfig
from .listening import listen
from .protocol import Protocol
from .tenant import Tenant

logger: logging.Logger = logging.getLogger("qstash_integrations.server")

Watch = Callable[[Attempt], None]
INTERRUPTED = 130


def run(config: ServerConfig, *, started: Callable[[LocalServer], None], watch: Watch | None = None) -> int:
    """Serve until SIGINT or SIGTERM comes, and let deliveries under way end; the exit code, 130 or 0.

    A second signal ends it at once. Raises StartupError when the port or the file cannot be used, or in production.
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
    if not config.allow_production:
        production.check(os.environ)
    with listen(config.host, config.port) as bound, contextlib.ExitStack() as stores:
        code = None if bound.is_loopback else password()

        def tenant(db: Path | None, token: str | None, keys: Keys, code: str | None = None) -> Tenant:
            store = stores.enter_context(contextlib.closing(Store.open(db)))
            token = token or credentials.token(store, bound.is_loopback)
            return Tenant(config, bound, store, token=token, keys=keys, clock=clock, watch=watch, code=code)

        # In production, where it runs for a test only, no app would take the published keys.
        published = bound.is_loopback and declared(os.environ) is None
        first = tenant(config.db, None, credentials.first_keys(published), code)
        if not published:
            credentials.retire_published_keys(first.engine)
        # A file is the first one's; the others come with every server that everybody knows the credentials of.
        others = [tenant(None, *user) for user in (credentials.DEV_USERS if bound.is_loopback else ())]
        http = _Http(_http_config(Users(first.api, {other.token: other.api for other in others})))
        workers = [first.worker, *(other.worker for other in others)]
        _announce(bound.url)
        # Connections wait in the backlog for the moment that it takes to accept them.
        started(
            LocalServer(
                url=bound.url,
                token=first.token,
                keys=first.engine.keys.get(),
                is_loopback=bound.is_loopback,
                dashboard=f"{bound.url}/#token={code}" if code else f"{bound.url}/",
            )
        )
        tasks = [asyncio.create_task(http.serve([bound.socket])), *(asyncio.create_task(w.run()) for w in workers)]
        ending = asyncio.create_task(stopping.wait())
        await asyncio.wait((ending, *tasks), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        # What is being delivered may publish in turn: the API answers until that has ended.
        await asyncio.gather(*(worker.stop(config.patience) for worker in workers))
        http.should_exit = True
        await asyncio.gather(*tasks)


def _announce(url: str) -> None:
    forced = declared(os.environ)
    logger.log(
        logging.WARNING if forced else logging.INFO,
        "DEV SERVER: a local QStash at %s, for development and tests%s",
        url,
        f", although {forced} declares production" if forced else "",
    )


class _Http(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are ours: uvicorn would end without waiting for deliveries."""
        yield


def _http_config(api: Users) -> uvicorn.Config:
    return uvicorn.Config(
        api,
        http=Protocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        # The caller's address is stored with its messages: nobody may claim another one.
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
