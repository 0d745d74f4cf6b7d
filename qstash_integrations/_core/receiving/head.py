"""What is known of a request before its body is read, from the two kinds of host there are: ASGI and WSGI.

The target is taken as it stood on the request line. ``request.url`` and its kin decode, join and normalise, and then
no longer give back the URL that QStash signed.

Spec: https://asgi.readthedocs.io/en/latest/specs/www.html and https://peps.python.org/pep-3333/
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from ..public_urls import PATH

_SIGNATURE = b"upstash-signature"
_AUTHORITY = re.compile(r"[^/?#]*")
# In the place of a mount that may be anybody's word: no URL has it, and a public URL with a path replaces it.
DOUBTFUL = "/<SCRIPT_NAME that a header may have set; put its path into QSTASH_PUBLIC_URL>"


class Head:
    """The head of a request. No tuple: error trackers print the locals of frames, and walk through tuples."""

    __slots__ = (
        "content_length",
        "headers",
        "interface",
        "length_known",
        "method",
        "root_path",
        "signature",
        "target",
        "told",
    )

    def __init__(
        self,
        *,
        method: str,
        target: str,
        signature: bytes | str | None,
        root_path: str,
        length: str | bytes | None,
        reads_unknown_length: bool,
        headers: Callable[[Iterable[str]], list[str | None]],
        told: bool = False,
        interface: str = "asgi",
    ) -> None:
        self.method: str = method
        self.interface: str = interface
        """How it came: "asgi", "wsgi" or "aiohttp"."""
        self.target: str = target
        """Raw path and raw query, such as ``/hook?a=1``."""
        self.told: bool = told
        """Whether the server tells the decoded path alone: then the target is that path, encoded again."""
        self.signature: bytes | str | None = signature
        """The Upstash-Signature header; repeated lines are joined with commas, which no token contains."""
        self.root_path: str = root_path
        """Where the app is mounted: ASGI's root_path, WSGI's SCRIPT_NAME."""
        # Digits alone: others take signs, blanks and underscores for a number as well.
        self.content_length: int | None = (
            int(length) if length and len(length) <= 18 and length.isascii() and length.isdigit() else None
        )
        self.length_known: bool = reads_unknown_length or self.content_length is not None
        """False where the framework would show an empty body whatever was sent."""
        self.headers: Callable[[Iterable[str]], list[str | None]] = headers
        """Looks up other headers, none of which is signed, by their lower-case names."""

    def header(self, name: str) -> str | None:
        return self.headers((name,))[0]


def head_of_scope(scope: Mapping[str, Any]) -> Head:
    """The head of an ASGI "http" scope."""
    raw_path: bytes | None = scope.get("raw_path")
    told = raw_path is None or ((b"%" in raw_path or b"?" in raw_path) and _was_decoded(raw_path, scope["path"]))
    if raw_path is None or told:
        # A path that is no text gets a spelling of its own, which no URL has: an error here would be answered 500.
        raw_path = quote(scope["path"], PATH, errors="surrogatepass").encode()
    path = raw_path.decode("latin-1")
    query: bytes = scope.get("query_string") or b""
    # Starlette's Mount puts the mounted path into root_path, and what the server said into app_root_path.
    root_path: str = scope.get("app_root_path", scope.get("root_path", ""))
    return head_of_lines(
        scope["method"],
        f"{path}?{query.decode('latin-1')}" if query else path,
        scope["headers"],
        quote(root_path, safe=PATH) if root_path else "",
        told,
    )


def _was_decoded(raw_path: bytes, path: str) -> bool:
    """Whether the raw path is none, as with Azure Functions: a question mark or an escape in it came encoded."""
    return b"?" in raw_path or raw_path == path.encode("utf-8", "surrogatepass") != unquote_to_bytes(raw_path)


def head_of_lines(
    method: str,
    target: str,
    lines: Iterable[tuple[bytes, bytes]],
    root_path: str = "",
    told: bool = False,
    interface: str = "asgi",
) -> Head:
    """The head of a request as it came: its method, its target and its header lines, whose names are in lower case."""
    lines = list(lines)
    # Of a header that comes twice the first one counts.
    values = dict(reversed(lines))
    if len(values) != len(lines):
        # Not of these: nobody agrees on which. Joined as WSGI does, they are no token, and no host.
        for joined in (_SIGNATURE, b"host"):
            if joined in values:
                values[joined] = b",".join(value for name, value in lines if name == joined)

    def headers(names: Iterable[str]) -> list[str | None]:
        found = map(values.get, map(str.encode, names))
        return [None if value is None else value.decode("latin-1") for value in found]

    return Head(
        method=method,
        target=target,
        signature=values.get(_SIGNATURE),
        root_path=root_path,
        length=values.get(b"content-length"),
        reads_unknown_length=True,
        headers=headers,
        told=told,
        interface=interface,
    )


def head_of_environ(environ: Mapping[str, Any], *, reads_chunks: bool) -> Head:
    """The head of a WSGI request; ``reads_chunks``: the framework reads a body without a length to its end."""

    def headers(names: Iterable[str]) -> list[str | None]:
        return list(map(environ.get, map(_variable, names)))

    raw: str | None = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        target = raw if raw.startswith("/") else without_origin(raw)
        root_path = _mount(environ, target) if environ.get("SCRIPT_NAME") else ""
    else:
        root_path = _told_mount(environ)
        target = root_path + _told_rest(environ)
    return Head(
        method=environ["REQUEST_METHOD"],
        target=target,
        signature=environ.get("HTTP_UPSTASH_SIGNATURE"),
        root_path=root_path,
        length=environ.get("CONTENT_LENGTH"),
        reads_unknown_length=reads_chunks or "HTTP_TRANSFER_ENCODING" not in environ,
        headers=headers,
        told=not raw,
        interface="wsgi",
    )


@lru_cache(maxsize=64)
def _variable(name: str) -> str:
    """Under which WSGI has a header."""
    return "HTTP_" + name.upper().replace("-", "_")


def without_origin(target: str) -> str:
    """A target, if it is absolute as in "POST http://host/hook", without the origin: that is the client's word."""
    if target.startswith("/"):
        return target
    scheme, separator, rest = target.partition("://")
    if not separator or not scheme.isalpha():
        return target
    path = _AUTHORITY.sub("", rest, count=1)
    return path if path.startswith("/") else "/" + path


def _mount(environ: Mapping[str, Any], target: str) -> str:
    """SCRIPT_NAME, if it really stands at the front of the target: a header can move it, as with ProxyFix."""
    script_name: str = environ["SCRIPT_NAME"]
    path = unquote_to_bytes(target.partition("?")[0]).decode("latin-1")
    return quote(script_name.encode("latin-1"), PATH) if path == script_name + environ.get("PATH_INFO", "") else ""


def _told_mount(environ: Mapping[str, Any]) -> str:
    """SCRIPT_NAME where the server tells no raw target, unless a header may have set it."""
    script_name: str = environ.get("SCRIPT_NAME", "")
    if script_name and _stands_in_a_header(script_name, environ):
        return DOUBTFUL
    return quote(script_name.encode("latin-1", "replace"), safe=PATH)


def _stands_in_a_header(script_name: str, environ: Mapping[str, Any]) -> bool:
    """Whether a header's value is the mount, or its front, to which a mount of the app's own was added."""
    mount = script_name.strip("/") + "/"
    values = [value for name, value in environ.items() if name.startswith("HTTP_") and isinstance(value, str)]
    parts = [part.strip() for value in values for part in (value, *value.split(","))]
    return any(part.startswith("/") and mount.startswith(part.strip("/") + "/") for part in parts)


def _told_rest(environ: Mapping[str, Any]) -> str:
    quoted = quote(environ.get("PATH_INFO", "").encode("latin-1", "replace"), safe=PATH)
    query = environ.get("QUERY_STRING", "")
    return f"{quoted}?{query}" if query else quoted
