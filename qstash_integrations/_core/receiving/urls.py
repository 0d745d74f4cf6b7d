"""Which URL a request must have been signed for: from configuration, never from Host or X-Forwarded-*.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import re
from collections.abc import Iterable
from typing import NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from .head import Head

_HOST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")
_HTTP = re.compile(r"https?://", re.IGNORECASE)
NO_PUBLIC_URL = (
    "QSTASH_PUBLIC_URL is not set; set it to the origin under which QStash calls this app, "
    "such as https://api.example.com"
)


class Expected(Protocol):
    """The signed URLs that fit a request."""

    def fits(self, signed_url: str, head: Head) -> bool: ...

    def describe(self, head: Head) -> str:
        """The expected URL, for the log record of a mismatch."""
        ...


class PublicUrls(NamedTuple):
    """One or more public origins, such as ``https://api.example.com``; each may have a path prefix.

    A prefix stands for what a proxy strips or a server mounts: it replaces SCRIPT_NAME and root_path.
    """

    bases: tuple[str, ...]

    def fits(self, signed_url: str, head: Head) -> bool:
        # A target that is no path, as in "GET @evil.example", could move the authority of the URL.
        return head.target.startswith("/") and signed_url in [_join(base, head) for base in self.bases]

    def describe(self, head: Head) -> str:
        return " or ".join(_join(base, head) for base in self.bases)


class TrustedHosts(NamedTuple):
    """The framework's own list of host names: http or https, any port, and exactly the path and query requested."""

    hosts: frozenset[str]

    def fits(self, signed_url: str, head: Head) -> bool:
        if not head.target.startswith("/") or not signed_url.endswith(head.target):
            return False
        origin = signed_url[: -len(head.target)]
        return any(
            re.fullmatch(rf"https?://{re.escape(host)}(?::[0-9]{{1,5}})?", origin, re.IGNORECASE | re.ASCII)
            for host in self.hosts
        )

    def describe(self, head: Head) -> str:
        return " or ".join(f"https://{host}{head.target}" for host in sorted(self.hosts))


class AnyUrl(NamedTuple):
    """``verify_url=False``: a request signed for any endpoint of the account fits."""

    def fits(self, signed_url: str, head: Head) -> bool:
        return True

    def describe(self, head: Head) -> str:
        return "any URL"


def public_urls(value: object, name: str) -> tuple[str, ...]:
    """The origins in a comma-separated text or a list of texts; ConfigurationError names ``name``."""
    if value is None:
        return ()
    if not isinstance(value, str | list | tuple):
        raise ConfigurationError(f"{name} must be a text or a list of texts, not {type(value).__name__}")
    parts = value.split(",") if isinstance(value, str) else list(cast("Iterable[object]", value))
    return tuple(_public_url(part, name) for part in parts if part != "" or len(parts) > 1)


def trusted_hosts(hosts: object) -> TrustedHosts | None:
    """A framework's list of hosts as far as it is a list of exact names; ``*`` and ``.example.com`` are none."""
    if not isinstance(hosts, list | tuple | set | frozenset) or not hosts:
        return None
    listed = list(cast("Iterable[object]", hosts))
    names = [host.lower() for host in listed if isinstance(host, str) and _HOST.fullmatch(host)]
    return TrustedHosts(frozenset(names)) if len(names) == len(listed) else None


def join_public_url(bases: tuple[str, ...], path: str) -> str:
    """The public URL of one's own route; ConfigurationError where no public URL is set."""
    if not bases:
        raise ConfigurationError(NO_PUBLIC_URL)
    return bases[0] + path


def _join(base: str, head: Head) -> str:
    target = head.target
    has_prefix = base.count("/") > 2
    if (
        has_prefix
        and (root := head.root_path.rstrip("/"))
        and target.startswith(root)
        and target[len(root) : len(root) + 1] in ("", "/", "?")
    ):
        target = target[len(root) :]
    return base + target


def _public_url(text: object, name: str) -> str:
    problem = _problem(text.strip()) if isinstance(text, str) else "is not a text"
    if problem or not isinstance(text, str):
        # What stands before an @ may be a password.
        shown = "" if isinstance(text, str) and "@" in text else f": {text!r}"
        raise ConfigurationError(
            f"{name} {problem}{shown}; set it to the origin that QStash calls, such as https://api.example.com"
        )
    scheme, _, rest = text.strip().partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{authority}{slash}{path}"


def _problem(text: str) -> str | None:
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return "has blanks or characters that no URL has"
    if not _HTTP.match(text):
        return "has no scheme (https:// or http://)"
    try:
        parts = urlsplit(text)
        valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "is not a URL"
    if not valid:
        return "has no host"
    if "@" in parts.netloc:
        return "has a user name"
    if "?" in text or "#" in text:
        return "has a query or a fragment"
    if text.endswith("/"):
        return "ends with a slash"
    return None
