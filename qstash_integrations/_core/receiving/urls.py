"""Which URL a request must have been signed for: from configuration, never from X-Forwarded-* or Host alone.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol, cast

from ..errors import ConfigurationError
from ..hosts import is_private
from ..public_urls import WILDCARD, below, has_path, on_host, signed_on
from ..settings.values import Settings
from .head import Head
from .same import Same, exactly

_OF_TESTS = "testserver"
_ORIGIN = re.compile(r"https?://(\[[^\]]*\]|[^/:?#]+)(?::[0-9]{1,5})?(?=/)", re.IGNORECASE | re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")


class Expected(Protocol):
    """The signed URLs that fit a request."""

    def fits(self, signed_url: str, head: Head, same: Same = exactly) -> bool: ...

    def bases(self) -> tuple[str, ...]:
        """What such URLs begin with."""
        ...

    def describe(self, head: Head) -> str:
        """The expected URL, for the log record of a mismatch."""
        ...


class PublicUrls(NamedTuple):
    """One or more public origins, such as ``https://api.example.com``; each may have a path prefix.

    A prefix stands for what a proxy strips or a server mounts: it replaces SCRIPT_NAME and root_path, and the URL may
    end with it where nothing is left of the path. In the place of a wildcard the request's own Host is expected, so
    that what was signed for one customer's host counts on no other.
    """

    urls: tuple[str, ...]

    def fits(self, signed_url: str, head: Head, same: Same = exactly) -> bool:
        target = head.target
        usual = same is exactly and not head.root_path
        # A target that is no path, as in "GET @evil.example", could move the authority of the URL.
        if target.startswith("/"):
            for pattern in self.urls:
                # The usual case, in one comparison.
                if usual and pattern + target == signed_url and WILDCARD not in pattern:
                    return True
                base = signed_on(signed_url, pattern, lambda: head.header("host"))
                if base is not None and _continues(signed_url[len(base) :], base, head, same):
                    return True
        return False

    def bases(self) -> tuple[str, ...]:
        return self.urls

    def describe(self, head: Head) -> str:
        host = head.header("host")
        return " or ".join((on_host(url, host) or url) + rest_of_target(url, head) for url in self.urls)


class CurrentUrls(NamedTuple):
    """The public origins that a function tells, for each request anew."""

    tell: Callable[[], tuple[str, ...]]

    def fits(self, signed_url: str, head: Head, same: Same = exactly) -> bool:
        return PublicUrls(self.tell()).fits(signed_url, head, same)

    def bases(self) -> tuple[str, ...]:
        return self.tell()

    def describe(self, head: Head) -> str:
        return PublicUrls(self.tell()).describe(head)


class TrustedHosts(NamedTuple):
    """The framework's own list of host names: http or https, any port, and exactly the path and query requested."""

    hosts: frozenset[str]
    mount: str = ""
    """Where the framework's settings mount the app; then it is in every URL, whether or not a proxy strips it."""

    @property
    def public_name(self) -> str | None:
        """The one host that URLs can be built on; None where none of them is public, or several are.

        In its tests Django allows ``testserver`` as well, which then is the one if there is no other.
        """
        public = [host for host in self.hosts if not is_private(f"https://{host}") and _has_name(host)]
        if not public and _OF_TESTS in self.hosts:
            return _OF_TESTS
        return public[0] if len(public) == 1 else None

    def fits(self, signed_url: str, head: Head, same: Same = exactly) -> bool:
        origin = _ORIGIN.match(signed_url)
        if origin is None or origin[1].lower() not in self.hosts:
            return False
        return PublicUrls((origin[0] + self.mount,)).fits(signed_url, head, same)

    def bases(self) -> tuple[str, ...]:
        return below(tuple(f"https://{host}" for host in sorted(self.hosts)), self.mount)

    def describe(self, head: Head) -> str:
        return PublicUrls(self.bases()).describe(head)


class AnyUrl(NamedTuple):
    """``verify_url=False``: a request signed for any endpoint of the account fits."""

    def fits(self, signed_url: str, head: Head, same: Same = exactly) -> bool:
        return True

    def bases(self) -> tuple[str, ...]:
        return ()

    def describe(self, head: Head) -> str:
        return "any URL"


def trusted_hosts(hosts: object, mount: str = "") -> TrustedHosts | None:
    """A framework's list of hosts as far as it is a list of exact names; ``*`` and ``.example.com`` are none."""
    if not isinstance(hosts, list | tuple | set | frozenset) or not hosts:
        return None
    listed = list(cast("Iterable[object]", hosts))
    names = [host.lower() for host in listed if isinstance(host, str) and _HOST.fullmatch(host)]
    return TrustedHosts(frozenset(names), mount) if len(names) == len(listed) else None


def bases_of(settings: Settings, hosts: object, name: str) -> tuple[str, ...]:
    """What URLs are built on: the public URLs, or where there are none, the public one of the framework's hosts.

    ConfigurationError names the setting with the hosts where more than one could be meant, or none.
    """
    public_url = settings.public_url
    trusted = None if public_url else trusted_hosts(hosts)
    if trusted is None:
        return public_url
    if trusted.public_name is None:
        listed = ", ".join(sorted(trusted.hosts))
        raise ConfigurationError(
            f"QSTASH_PUBLIC_URL is not set, and {name} ({listed}) does not tell one public host to build a URL on; set "
            "it to the origin under which QStash calls this app, such as https://api.example.com"
        )
    return below((f"https://{trusted.public_name}",), settings.mount)


def _has_name(host: str) -> bool:
    return not host.startswith("[") and not host.rpartition(".")[2].isdigit()


def rest_of_target(base: str, head: Head) -> str:
    """What of a request's target stands behind a public URL."""
    target = head.target
    if (
        has_path(base)
        and (root := head.root_path.rstrip("/"))
        and target.startswith(root)
        and target[len(root) : len(root) + 1] in ("", "/", "?")
    ):
        return target[len(root) :]
    return target


def _continues(signed: str, base: str, head: Head, same: Same) -> bool:
    rest = rest_of_target(base, head)
    if signed[:1] in ("", "?") and has_path(base) and _has_no_path_left(rest, head):
        signed = "/" + signed
    return same(signed, rest, head.told)


def _has_no_path_left(rest: str, head: Head) -> bool:
    """Whether the slash is the server's, since a request has to have one: Google's cut off the name of a function."""
    return rest.partition("?")[0] == "/" and (rest == head.target or head.told)
