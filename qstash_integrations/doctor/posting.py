"""One POST, of whose answer no more is taken than can be of this package's making: so many bytes, in so much time.

As QStash posts: follows no redirect, keeps no cookie (which would bind all requests to one instance), and unpacks
nothing.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, cast

import httpx

from .._core.publishing._sync.network import TimedNetwork

TIMEOUT = 10.0  # seconds without progress
LONGEST = 30.0  # seconds for an answer in all, however it trickles
LARGEST = 64 * 1024  # bytes of an answer


class Response(NamedTuple):
    status: int
    headers: httpx.Headers
    content: bytes


Post = Callable[[str, dict[str, str], bytes], Response]


def post_with(client: httpx.Client, within: float = LONGEST) -> Post:
    """By the connections of a client, with the proxies and certificates that it trusts. Raises httpx.HTTPError."""
    # The client itself would keep cookies, and look at a Location.
    inside: Any = client
    networks: dict[Any, TimedNetwork] = {}

    def post(url: str, headers: dict[str, str], body: bytes) -> Response:
        sent = {**headers, "Accept-Encoding": "identity"}
        request = client.build_request("POST", url, headers=sent, content=body, timeout=TIMEOUT)
        transport = inside._transport_for_url(request.url)
        network = networks.get(transport) or networks.setdefault(transport, TimedNetwork(transport))
        network.ends_at = time.monotonic() + within
        response = transport.handle_request(request)
        try:
            return Response(response.status_code, response.headers, _beginning(response))
        finally:
            response.close()

    return post


def _beginning(response: httpx.Response) -> bytes:
    found = bytearray()
    for chunk in cast("Iterable[bytes]", response.stream):
        found += chunk
        if len(found) >= LARGEST:
            break
    return bytes(found[:LARGEST])
