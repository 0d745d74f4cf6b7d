"""Signed requests sent by a sender of their own, to destinations over real HTTP."""

import asyncio
from collections.abc import Callable

from qstash_integrations.server.attempt import SignedRequest
from qstash_integrations.server.model import Header, Outcome
from qstash_integrations.server.worker import Sender


def request(url: str, *headers: Header, method: str = "POST", body: bytes = b"hi") -> SignedRequest:
    return SignedRequest(method=method, url=url, headers=headers, body=body)


def send(
    *requests: SignedRequest,
    sender: Callable[[], Sender] = lambda: Sender("local"),
    seconds: float = 5,
    limit: int = 64,
) -> list[Outcome]:
    """The outcomes of requests made one after the other by one sender."""

    async def exchange() -> list[Outcome]:
        made = sender()
        try:
            return [await made.send(one, seconds=seconds, limit=limit) for one in requests]
        finally:
            await made.aclose()

    return asyncio.run(exchange())
