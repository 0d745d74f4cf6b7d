"""The dashboard: a static page, the same for everybody, that is a client of the server's API.

Knows no secret and asks nobody: the page proves by the token that it may see anything. Files are found by their exact
name in a table, never by a path. One is made here: the table of options that the client and the server go by.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from ..._core.publishing.options import OPTIONS, Option

__all__ = ["Asset", "asset", "option_table"]

PREFIX = "/dashboard/"
_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# Nothing from elsewhere, nothing inline; text cannot become markup even by mistake.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
}


class Asset(NamedTuple):
    content: bytes
    headers: Mapping[str, str]


def asset(path: str) -> Asset | None:
    """The file for the raw path of a request; None when there is none."""
    return _assets().get(path)


def option_table(options: Iterable[Option]) -> bytes:
    """The module by which the page asks for options and shows them."""
    return f"export const OPTIONS = {json.dumps([asdict(option) for option in options])};\n".encode()


@cache
def _assets() -> Mapping[str, Asset]:
    found: dict[str, Asset] = {}
    for file in (files(__name__) / "static").iterdir():
        kind = _TYPES.get(file.name.rpartition(".")[2])
        if kind is not None:
            found[PREFIX + file.name] = Asset(file.read_bytes(), {"content-type": kind, **_HEADERS})
    table = {"content-type": _TYPES["js"], **_HEADERS}
    found[f"{PREFIX}option_table.js"] = Asset(option_table(OPTIONS.values()), table)
    found["/"] = found.pop(f"{PREFIX}index.html")
    return found
