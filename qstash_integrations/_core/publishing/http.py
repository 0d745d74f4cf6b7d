"""What crosses between ours and an HTTP library: a request of theirs, an answer of ours, their errors as a ``Lost``.

Nothing here sends: whoever holds a connection does.
"""

import functools
import os
import socket
import ssl
import sys
import zlib
from contextlib import suppress
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
_LONGEST_PROBLEM = 300
_TOO_LARGE = Lost(f"an answer of more than {LARGEST_ANSWER} bytes", hopeless=True)
_UNKNOWN = Lost("an answer in an encoding that was not asked for", hopeless=True)
_BROKEN = Lost("an answer that cannot be unpacked")
_PACKED = (b"Accept-Encoding", b"gzip")
_WITH_BODY = ("POST", "PUT", "PATCH")


def transport_options(url: str) -> dict[str, Any]:
    """For every connection to ``url``; ConfigurationError when the machine's certificates or proxies are of no use."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_FOR)
    options: dict[str, Any] = {"verify": _tls_for(url), "limits": limits, "proxy": _proxy_for(url)}
    with suppress(ImportError, ValueError, httpx.InvalidURL):
        httpx.HTTPTransport(**options)
        return options
    # Not while that error is handled: there may be a password in the address.
    raise ConfigurationError("the proxy of HTTP_PROXY, HTTPS_PROXY or ALL_PROXY cannot be used")


def _tls_for(url: str) -> ssl.SSLContext:
    if url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # of no use, and trusts nobody
    named = (None, None) if is_loopback(url) else (os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
    try:
        return _tls(*named)
    except OSError as error:
        raise ConfigurationError(f"the certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read: {error}") from None


@functools.lru_cache(maxsize=4)
def _tls(file: str | None, directory: str | None) -> ssl.SSLContext:
    """One for all clients: reading all certificates of the machine takes as long as some calls."""
    return httpx.create_ssl_context(trust_env=bool(file or directory))


def timeouts_of(seconds: float) -> dict[str, float | None]:
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_WITHIN)).as_dict()


def request_of(request: APIRequest, timeouts: dict[str, float | None]) -> httpx.Request:
    """Whole, so that the library has nothing to add."""
    url, body = _url_of(request.url), request.body or b""
    headers = [(b"Host", url.netloc), *headers_of(request)]
    if body or request.method in _WITH_BODY:
        headers.append((b"Content-Length", b"%d" % len(body)))
    stream, extensions = httpx.ByteStream(body), {"timeout": timeouts}
    return httpx.Request(request.method, url, headers=headers, stream=stream, extensions=extensions)


def request_by(client: Any, request: APIRequest) -> Any:
    """As a ready client builds it, with headers and timeouts of its own."""
    headers = headers_of(request)
    _url_of(request.url)
    built = client.build_request(request.method, request.url, headers=headers, content=request.body)
    del headers  # error trackers print the locals of raising frames
    _check_path(built.url, request.url)
    return built


def headers_of(request: APIRequest) -> list[tuple[bytes, bytes]]:
    return [_PACKED] + [(name.encode("ascii"), value.encode("latin-1")) for name, value in request.headers]


class Arriving:
    """An answer while it arrives. It is unpacked in steps, so that a small one cannot become a huge one on the way."""

    def __init__(self, response: Any) -> None:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        self._response = response
        self._body = bytearray()
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16) if encoding in ("gzip", "x-gzip") else None
        self._is_broken = False
        self._is_known = self._gzip is not None or encoding in ("", "identity")

    def problem(self) -> Lost | None:
        """Why no more of it is wanted."""
        if not self._is_known:
            return _UNKNOWN
        return _TOO_LARGE if len(self._body) > LARGEST_ANSWER else None

    def add(self, chunk: bytes) -> None:
        if self._gzip is None:
            self._body += chunk
        elif not self._is_broken:
            try:
                self._body += self._gzip.decompress(chunk, LARGEST_ANSWER + 1 - len(self._body))
            except zlib.error:
                self._is_broken = True

    def outcome(self) -> Outcome:
        if self._is_broken or (self._gzip is not None and self._body and not self._gzip.eof):
            return _BROKEN
        return arrived(self._response, bytes(self._body))


def arrived(response: Any, body: bytes) -> APIResponse:
    headers = {name.lower().decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw}
    return APIResponse(response.status_code, body, headers)


def has_more(response: Any) -> bool | None:
    """Whether there is more than this answer in the buffers of its connection: the next request would get that.

    None where nobody can tell. What is in the socket, the library looks for itself, before it sends.
    """
    here = response.stream
    while (http := getattr(here, "_h11_state", None)) is None:
        # From an answer of httpx to the connection that it came over.
        inner = getattr(here, "_stream", None) or getattr(here, "_httpcore_stream", None)
        here = inner or getattr(here, "_connection", None)
        if here is None:
            return None
    stream = response.extensions["network_stream"]
    return bool(http.trailing_data[0]) or _has_more_tls(stream.get_extra_info("ssl_object")) or _has_more_read(stream)


def hang_up(response: Any) -> None:
    """Let nobody use its connection again. The library sees that the other end is gone, before it sends."""
    with suppress(OSError):
        response.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)


def lost(error: Exception, library: Any) -> Outcome:
    name = type(error).__name__
    # Its own checks fail with ValueErrors, as of a host name that is none.
    if isinstance(error, library.LocalProtocolError | library.UnsupportedProtocol | ValueError):
        # Without its text: it may quote a header.
        return Lost(name, hopeless=True)
    return Lost(f"{name}: {str(error)[:_LONGEST_PROBLEM]}" if str(error) else name)


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


def _has_more_tls(tls: Any) -> bool:
    if not isinstance(tls, ssl.SSLObject):
        return tls is not None and tls.pending() > 0
    try:
        # In async code records may lie in memory, already out of the socket.
        tls.read(1)
    except ssl.SSLWantReadError:
        return False
    except ssl.SSLError:
        pass
    return True


def _has_more_read(stream: Any) -> bool:
    """Under asyncio anyio reads more than httpcore takes at once, and keeps the rest."""
    while stream is not None:
        if getattr(getattr(stream, "_protocol", None), "read_queue", None):
            return True
        stream = getattr(stream, "_stream", None) or getattr(stream, "transport_stream", None)
    return False


@functools.lru_cache(maxsize=64)
def _url_of(url: str) -> httpx.URL:
    """Once for the destinations that are in use: reading it takes as long as all that we do for a message."""
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"the HTTP library takes no such address of an API call: {error}") from None
    _check_path(found, url)
    return found


def _check_path(found: Any, url: str) -> None:
    """ValueError when the library's request goes elsewhere than ours.

    QStash signs the destination as it arrives: a library that tidies it up would break every signature, or make
    another API call of it.
    """
    path = url.partition("://")[2].partition("/")[2]
    if found.raw_path != b"/" + path.encode("ascii", "replace"):
        raise ValueError("the HTTP library would change the path of this API call: check QSTASH_URL, then destination")


def _proxy_for(url: str) -> str | None:
    """As HTTP_PROXY and its kin say; a proxy for the outer world cannot reach this machine's own server."""
    parts, proxies = urlsplit(url), getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or is_loopback(url) or proxy_bypass(parts.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
