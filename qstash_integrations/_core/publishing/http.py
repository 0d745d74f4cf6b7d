"""What crosses between ours and an HTTP library: a request of theirs, an answer of ours, their errors as a ``Lost``."""

import sys
from typing import Any

from .call import APIRequest, APIResponse, Lost, Outcome

LARGEST_ANSWER = 256 * 1024 * 1024  # bytes, unpacked


def library_of(client: Any) -> Any:
    """The library, ``httpx`` or its continuation ``httpx2``, whose client this is and whose exceptions it raises.

    TypeError when it is neither's.
    """
    for kind in type(client).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in ("httpx", "httpx2"):
            return sys.modules[root]
    raise TypeError(f"http_client must be a client of httpx or httpx2, not {type(client).__name__}")


def headers_of(request: APIRequest) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in request.headers]


def checked(built: Any, request: APIRequest) -> Any:
    """The library's request, unless it goes elsewhere than ours; then a ValueError.

    QStash signs the destination as it arrives: a library that tidies it up would break every signature, or make
    another API call of it.
    """
    path = request.url.partition("://")[2].partition("/")[2]
    if built.url.raw_path != b"/" + path.encode("ascii", "replace"):
        raise ValueError("the HTTP library would change the path of this API call: check QSTASH_URL, then destination")
    return built


def read(response: Any) -> Outcome:
    """The whole answer, as long as it is not endless; its connection is free then."""
    try:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return _TOO_LARGE
        return _response(response, body)
    finally:
        response.close()


async def aread(response: Any) -> Outcome:
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > LARGEST_ANSWER:
                return _TOO_LARGE
        return _response(response, body)
    finally:
        await response.aclose()


def lost(error: Exception, library: Any) -> Lost:
    name = type(error).__name__
    if isinstance(error, library.LocalProtocolError | library.UnsupportedProtocol):
        # Without its text: it may quote a header.
        return Lost(name, hopeless=True)
    return Lost(f"{name}: {error}" if str(error) else name)


def _response(response: Any, body: bytearray) -> APIResponse:
    headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw}
    return APIResponse(response.status_code, bytes(body), headers)


_TOO_LARGE = Lost(f"an answer of more than {LARGEST_ANSWER} bytes", hopeless=True)
