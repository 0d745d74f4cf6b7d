"""A server in the foreground, until a signal comes or the app that it runs beside it ends."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from types import FrameType

from ..._core.receiving.receiver import wall_clock
from .app_process import AppProcess
from .config import LocalServer, ServerConfig
from .console import environment
from .serving import Follow, Watch, serve

INTERRUPTED = 130
# Its default would end this process alone, and leave the app.
_OF_TERMINALS = (signal.SIGHUP,) if sys.platform != "win32" else ()


def run(
    config: ServerConfig,
    *,
    started: Callable[[LocalServer], None],
    watch: Watch | None = None,
    follow: Follow | None = None,
    app: AppProcess | None = None,
    public_url: str | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM comes, and let deliveries under way end; the exit code, 130 or 0.

    A second signal ends it at once. Raises StartupError when the port or the file cannot be used, or in production.
    ``app`` is started with the server's settings, gets the signals too, and its exit code is the one that counts; when
    either has ended the other does.
    """
    signals: list[int] = []

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: FrameType | None) -> None:
            signals.append(number)
            if app is None:
                _restore_signals()
            else:
                app.send(number)
            loop.call_soon_threadsafe(stopping.set)

        def over() -> None:
            with contextlib.suppress(RuntimeError):  # the loop may be closed already
                loop.call_soon_threadsafe(stopping.set)

        def begin(server: LocalServer) -> None:
            started(server)
            if app is not None:
                app.start(environment(server, public_url), over)

        for number in (signal.SIGINT, signal.SIGTERM, *(() if app is None else _OF_TERMINALS)):
            signal.signal(number, stop)
        await serve(config, stopping, begin, wall_clock, watch, follow)

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        code = 0 if app is None else app.stop()
        _restore_signals()
    if app is not None:
        return code
    return INTERRUPTED if signal.SIGINT in signals else 0


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
