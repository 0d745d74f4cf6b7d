"""The HTTP server in front of the API: uvicorn, told what a server for one machine needs of it."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator
from functools import partial
from typing import Any, cast

import uvicorn

from .clients import Clients
from .listening import BACKLOG
from .protocol import Patience, Protocol
from .users import Users

_SWEEP_EVERY = 1.0  # seconds


class Http(uvicorn.Server):
    def __init__(self, users: Users, clients: Clients, patience: Patience, log: logging.Logger) -> None:
        self._clients = clients
        super().__init__(
            uvicorn.Config(
                users,
                http=cast("Any", partial(Protocol, clients, patience, log)),
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                # The caller's address is stored with its messages: nobody may claim another one.
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=2,
            )
        )

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        ending = asyncio.create_task(self._end_late())
        try:
            await super().serve(sockets)
        finally:
            ending.cancel()

    async def _end_late(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_EVERY)
            self._clients.end_late(asyncio.get_running_loop().time())

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are ours: uvicorn would end without waiting for deliveries."""
        yield
