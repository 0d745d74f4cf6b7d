"""The HTTP server in front of the API: uvicorn, told what a server for one machine needs of it."""

import contextlib
from collections.abc import Generator

import uvicorn

from .protocol import Protocol
from .users import Users


class Http(uvicorn.Server):
    def __init__(self, users: Users) -> None:
        super().__init__(
            uvicorn.Config(
                users,
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
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are ours: uvicorn would end without waiting for deliveries."""
        yield
