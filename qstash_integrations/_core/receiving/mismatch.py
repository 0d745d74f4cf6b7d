"""What to change where a genuine request was signed for another URL than the expected one: for the log alone.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

from ..public_urls import WILDCARD, rest_of
from .head import Head
from .same import but_for_slashes, decoded
from .urls import Expected, rest_of_target

_LONGEST = 200
_DECODED = (
    "the two are the same once decoded, so the host of this app decodes URLs or writes them anew, as API Gateway, ALB, "
    'Azure and Vercel do: set url_match="decoded", or QSTASH_URL_MATCH=decoded'
)
_SLASHES = "the host of this app decodes %2F, so nothing signed with it can be recognized: publish to a URL without it"


def remedy(expected: Expected, signed_url: str, head: Head) -> str | None:
    """None where nothing is known but that the two differ."""
    if expected.fits(signed_url, head, decoded):
        return _DECODED
    if expected.fits(signed_url, head, but_for_slashes):
        return _SLASHES
    for base in expected.bases():
        known = (_of_a_wildcard if WILDCARD in base else _of_a_prefix)(base, signed_url, head)
        if known:
            return known
    return None


def _of_a_wildcard(base: str, signed_url: str, head: Head) -> str | None:
    if rest_of(signed_url, base) is None:
        return None
    host = _shown(head.header("host") or "")
    return (
        f"of a wildcard the request's own Host counts, which is {host}: have the proxy in front pass it on as it came"
    )


def _of_a_prefix(base: str, signed_url: str, head: Head) -> str | None:
    """Where the signed URL has a path in front that the request lacks, or the other way round."""
    if not signed_url.startswith(base):
        return None
    signed, _, signed_query = signed_url[len(base) :].partition("?")
    path, _, query = rest_of_target(base, head).partition("?")
    if query != signed_query:
        return None
    if head.root_path and path == head.root_path + signed:
        return (
            f"the server mounts this app at {_shown(head.root_path)}, which the signed URL lacks: set "
            f"QSTASH_PUBLIC_URL to {_shown(base + head.root_path)}"
        )
    prefix = signed if path == "/" else signed.removesuffix(path)
    if not prefix.startswith("/") or (prefix == signed and path != "/"):
        return None
    prefix = prefix.rstrip("/")
    return (
        f"if something in front of this app cuts {_shown(prefix)} off, set QSTASH_PUBLIC_URL to {_shown(base + prefix)}"
    )


def _shown(text: str) -> str:
    return ascii(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
