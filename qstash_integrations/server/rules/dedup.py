"""Which messages count as the same: by the publisher's id, or by what is in them.

Spec: https://upstash.com/docs/qstash/features/deduplication
"""

import hashlib

from ..model import Options

WINDOW = 600


def dedup_key(url: str, body: bytes, options: Options, group: str | None) -> str | None:
    """What two duplicates have in common; None when nothing was asked for. An id beats the content.

    Within a URL group each endpoint is decided apart.
    """
    if options.deduplication_id is not None:
        target = f"{group}\n{url}" if group is not None else ""
        return _digest("id", options.deduplication_id, target)
    if options.content_based_deduplication:
        headers = sorted((name.lower(), value) for name, value in options.headers)
        return _digest("content", url, body, *(part for header in headers for part in header))
    return None


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        # The length first, so that no two lists of parts read alike.
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()
