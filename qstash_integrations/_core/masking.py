"""What stands in the place of something that may be a secret, where it is shown to whoever reads a log."""

import hashlib

_OPEN_QUERY = ("of=",)


def hashed(raw: bytes) -> str:
    """Enough to see whether two are the same."""
    return f"sha256 {hashlib.sha256(raw).hexdigest()[:12]} ({len(raw)} bytes)"


def masked_url(url: str) -> str:
    """A query may hold a token; that of a task's URL says how often it is tried."""
    base, mark, query = url.partition("?")
    return url if not mark or query.startswith(_OPEN_QUERY) else f"{base}?<{hashed(query.encode())}>"
