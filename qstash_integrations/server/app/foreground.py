"""A server in the foreground, until a signal comes."""

import asyncio
import signal
import time
from collections.abc import Callable
from types import FrameType

from .config import LocalServer, ServerConfig
from .serving import Watch, serve

INTERRUPTED = 130


def run(config: ServerConfig, *, started: Callable[[LocalServer], None], watch: Watch | None = None) -> int:
    """Serve until SIGINT or SIGTERM comes, and let deliveries under way end; the exit code, 130 or 0.

    A second signal ends it at once. Raises StartupError when the port or the file cannot be used, or in production.
    """
    signals: list[int] = []

    async def main() -> None:
        stopping = asyncio.Event()
        loop = asyncio.get_running_loop()

        def stop(number: int, frame: FrameType | None) -> None:
            signals.append(number)
            _restore_signals()
            loop.call_soon_threadsafe(stopping.set)

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)
        await serve(config, stopping, started, time.time, watch)

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        _restore_signals()
    return INTERRUPTED if signal.SIGINT in signals else 0


def _restore_signals() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
