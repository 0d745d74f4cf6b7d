"""The parts of a URL as they stand in it: nothing is decoded or tidied up."""

from typing import NamedTuple
from urllib.parse import urlsplit


class Address(NamedTuple):
    scheme: str
    authority: str
    host: str
    port: int
    target: str  # path and query


def address_of(url: str) -> Address:
    """For a URL that was checked when it was published."""
    scheme, _, rest = url.partition("://")
    authority = rest.partition("/")[0].partition("?")[0]
    target = rest[len(authority) :]
    parts = urlsplit(f"//{authority}")
    port = parts.port or (443 if scheme.lower() == "https" else 80)
    return Address(
        scheme.lower(), authority, parts.hostname or "", port, target if target.startswith("/") else f"/{target}"
    )
