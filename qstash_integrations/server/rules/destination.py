"""Where a message may be sent: an absolute http or https URL, byte for byte as it came, or a URL group's name.

Spec: https://upstash.com/docs/qstash/howto/publishing
"""

import re
from functools import lru_cache
from urllib.parse import urlsplit

from ..model import Refused

MAX_URL = 8192
MAX_NAME = 256
_NAME = re.compile(r"[A-Za-z0-9._\-]{1,256}", re.ASCII)
# Everything that a request line can carry; no space, no control character, no quotes, no backslash.
_URL = re.compile(r"https?://[!$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~|{}^`]+", re.ASCII | re.IGNORECASE)


def is_url(destination: str) -> bool:
    return destination[:7].lower() == "http://" or destination[:8].lower() == "https://"


# Many messages go to few destinations.
@lru_cache(maxsize=256)
def check_url(url: str, what: str = "destination") -> str:
    """The URL unchanged; Refused when nothing can be sent there."""
    if not is_url(url):
        raise Refused(400, f"invalid {what} url: endpoint has invalid scheme, add http:// or https://")
    if len(url) > MAX_URL:
        raise Refused(400, f"invalid {what} url: longer than {MAX_URL} characters")
    if not _URL.fullmatch(url):
        raise Refused(400, f"invalid {what} url: characters that must be percent-encoded")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(400, f"invalid {what} url: bad host or port") from error
    if not parts.hostname or port == 0 or parts.netloc.endswith(":"):
        raise Refused(400, f"invalid {what} url: bad host or port")
    if "@" in parts.netloc:
        raise Refused(400, f"invalid {what} url: user name and password are not allowed in it")
    if not _host_is_sane(parts.netloc):
        raise Refused(400, f"invalid {what} url: bad host or port")
    return url


@lru_cache(maxsize=256)
def place_of(url: str) -> str:
    """Host and port of a URL that was checked, however they are spelled in it."""
    parts = urlsplit(url.lower())
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def check_group(destination: str) -> str:
    """The name of a URL group; Refused with the hint that people need who forgot the scheme."""
    if not destination:
        raise Refused(400, "a non-empty destination must be provided")
    if destination.lower().startswith("api/"):
        raise Refused(400, f"invalid destination {destination[:60]!r}: this server has no LLM API; give its URL")
    if not _NAME.fullmatch(destination):
        raise Refused(400, "invalid destination url: endpoint has invalid scheme, add http:// or https://")
    return destination


def check_name(name: object, what: str) -> str:
    """A queue's, schedule's or URL group's name: letters, digits, ``-``, ``_``, ``.``, but no dot segment."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in (".", ".."):
        raise Refused(400, f"invalid {what} {str(name)[:60]!r}: letters, digits, '-', '_' and '.' are allowed")
    return name


def _host_is_sane(netloc: str) -> bool:
    if netloc.startswith("["):
        return bool(re.fullmatch(r"\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?", netloc))
    return bool(re.fullmatch(r"[A-Za-z0-9._\-]+(:[0-9]{1,5})?", netloc))
