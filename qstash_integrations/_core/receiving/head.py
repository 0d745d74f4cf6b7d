"""What is known of a request before its body is read, from the two kinds of host there are: ASGI and WSGI.

The target is taken as it stood on the request line. ``request.url`` and its kin decode, join and normalise, and then
no longer give back the URL that QStash signed.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html and https://peps.python.org/pep-3333/
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

_SIGNATURE = b"upstash-signature"
_AUTHORITY = re.compile(r"[^/?#]*")
# What may stand unencoded in a path (RFC 3986, 3.3); for hosts and routers that give the decoded path only.
PATH = "/:@!$&'()*+,;=~"


class Head(NamedTuple):
    """The head of a request."""

    method: str
    target: str
    """Raw path and raw query, such as ``/hook?a=1``."""
    signature: bytes | str | None
    """The Upstash-Signature header; repeated lines are joined with commas, which no token contains."""
    root_path: str
    """Where the app is mounted: ASGI's root_path, WSGI's SCRIPT_NAME."""
    content_length: int | None
    length_known: bool
    """False where the framework would show an empty body whatever was sent."""
    header: Callable[[str], str | None]
    """Looks up any other header, none of which is signed, by its lower-case name."""


def head_of_scope(scope: Mapping[str, Any]) -> Head:
    """The head of an ASGI "http" scope."""
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    signatures = [value for name, value in headers if name == _SIGNATURE]
    # Of a header that comes twice the first one counts.
    values = dict(reversed(headers))
    raw_path: bytes | None = scope.get("raw_path")
    # A path that is no text gets a spelling of its own, which no URL has: an error here would be answered 500.
    path = quote(scope["path"], PATH, errors="surrogatepass") if raw_path is None else raw_path.decode("latin-1")
    query: bytes = scope.get("query_string") or b""
    # Starlette's Mount puts the mounted path into root_path, and what the server said into app_root_path.
    root_path: str = scope.get("app_root_path", scope.get("root_path", ""))

    def header(name: str) -> str | None:
        value = values.get(name.encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    return Head(
        method=scope["method"],
        target=f"{path}?{query.decode('latin-1')}" if query else path,
        signature=b",".join(signatures) if signatures else None,
        root_path=quote(root_path, safe=PATH) if root_path else "",
        content_length=_length(header("content-length")),
        length_known=True,
        header=header,
    )


def head_of_environ(environ: Mapping[str, Any], *, reads_chunks: bool) -> Head:
    """The head of a WSGI request; ``reads_chunks``: the framework reads a body without a length to its end."""

    def header(name: str) -> str | None:
        return environ.get("HTTP_" + name.upper().replace("-", "_"))

    target = _raw_target(environ) or _quoted_target(environ)
    length = _length(environ.get("CONTENT_LENGTH"))
    return Head(
        method=environ["REQUEST_METHOD"],
        target=target,
        signature=environ.get("HTTP_UPSTASH_SIGNATURE"),
        root_path=_mount(environ, target),
        content_length=length,
        length_known=reads_chunks or length is not None or "HTTP_TRANSFER_ENCODING" not in environ,
        header=header,
    )


def _raw_target(environ: Mapping[str, Any]) -> str | None:
    target: str | None = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if not target or target.startswith("/"):
        return target
    # The absolute form, as in "POST http://host/hook": its origin is the client's word and counts for nothing.
    scheme, separator, rest = target.partition("://")
    if not separator or not scheme.isalpha():
        return target
    path = _AUTHORITY.sub("", rest, count=1)
    return path if path.startswith("/") else "/" + path


def _mount(environ: Mapping[str, Any], target: str) -> str:
    """SCRIPT_NAME, if it really stands at the front of the target: a header can move it, as with ProxyFix."""
    script_name: str = environ.get("SCRIPT_NAME", "")
    if not script_name:
        return ""
    path = unquote_to_bytes(target.partition("?")[0]).decode("latin-1")
    return quote(script_name.encode("latin-1"), PATH) if path == script_name + environ.get("PATH_INFO", "") else ""


def _quoted_target(environ: Mapping[str, Any]) -> str:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    quoted = quote(path.encode("latin-1", "replace"), safe=PATH)
    query = environ.get("QUERY_STRING", "")
    return f"{quoted}?{query}" if query else quoted


def _length(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 18 and text.isascii() and text.isdigit() else None
