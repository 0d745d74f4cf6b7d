"""What crosses between ours and an HTTP library: a request of theirs, an answer of ours, their errors as a ``Lost``.

Nothing here sends: whoever holds a connection does.
"""

import sys
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from ..errors import ConfigurationError
from ..hosts import is_loopback
from .call import APIRequest, APIResponse, Lost, Outcome

KEPT_FOR = 30.0  # seconds without use
CONNECT_WITHIN = 5.0  # seconds
LARGEST_ANSWER = 256 * 1024 * 1024  # bytes, unpacked
TOO_LARGE = Lost(f"an answer of more than {LARGEST_ANSWER} bytes", hopeless=True)
_UNPACKED = (b"Accept-Encoding", b"gzip, deflate")
_WITH_BODY = ("POST", "PUT", "PATCH")


def transport_options(url: str) -> dict[str, Any]:
    """For every connection to ``url``: one context for all of them, since it reads all certificates of the machine."""
    return {
        "verify": httpx.create_ssl_context(trust_env=not is_loopback(url)),
        "limits": httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_FOR),
        "proxy": _proxy_for(url),
    }


def timeouts_of(seconds: float) -> dict[str, float | None]:
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_WITHIN)).as_dict()


def request_of(request: APIRequest, timeouts: dict[str, float | None]) -> httpx.Request:
    """Whole, so that the library has nothing to add."""
    url, body = httpx.URL(request.url), request.body or b""
    headers = [(b"Host", url.netloc), _UNPACKED, *headers_of(request)]
    if body or request.method in _WITH_BODY:
        headers.append((b"Content-Length", b"%d" % len(body)))
    stream, extensions = httpx.ByteStream(body), {"timeout": timeouts}
    built = httpx.Request(request.method, url, headers=headers, stream=stream, extensions=extensions)
    del headers, body  # error trackers print the locals of raising frames
    _check_path(built, request)
    return built


def request_by(client: Any, request: APIRequest) -> Any:
    """As a ready client builds it, with headers and timeouts of its own."""
    headers = headers_of(request)
    built = client.build_request(request.method, request.url, headers=headers, content=request.body)
    del headers
    _check_path(built, request)
    return built


def headers_of(request: APIRequest) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in request.headers]


def response_of(response: Any, body: bytearray) -> APIResponse:
    headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw}
    return APIResponse(response.status_code, bytes(body), headers)


def lost(error: Exception, library: Any) -> Outcome:
    name = type(error).__name__
    if isinstance(error, library.LocalProtocolError | library.UnsupportedProtocol):
        # Without its text: it may quote a header.
        return Lost(name, hopeless=True)
    return Lost(f"{name}: {error}" if str(error) else name)


def library_of(client: Any, wanted: str) -> Any:
    """The library, ``httpx`` or its continuation ``httpx2``, whose client this is and whose exceptions it raises.

    TypeError when it is neither's, ConfigurationError when it is none of its class ``wanted``.
    """
    kinds = type(client).__mro__
    roots = [root for kind in kinds if (root := kind.__module__.partition(".")[0]) in ("httpx", "httpx2")]
    name = type(client).__name__
    if not roots:
        raise TypeError(f"http_client must be a client of httpx or httpx2, not {name}")
    library = sys.modules[roots[0]]
    if not isinstance(client, getattr(library, wanted)):
        raise ConfigurationError(f"http_client is of {name}, but QStash takes a Client and AsyncQStash an AsyncClient")
    return library


def _check_path(built: Any, request: APIRequest) -> None:
    """ValueError when the library's request goes elsewhere than ours.

    QStash signs the destination as it arrives: a library that tidies it up would break every signature, or make
    another API call of it.
    """
    path = request.url.partition("://")[2].partition("/")[2]
    if built.url.raw_path != b"/" + path.encode("ascii", "replace"):
        raise ValueError("the HTTP library would change the path of this API call: check QSTASH_URL, then destination")


def _proxy_for(url: str) -> str | None:
    """As HTTP_PROXY and its kin say; a proxy for the outer world cannot reach this machine's own server."""
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or is_loopback(url) or proxy_bypass(parts.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
