"""Which app serves a URL: the one under test, or another one that was mounted at an origin of its own."""

from typing import Any, NamedTuple

from .._core.public_urls import public_urls
from .._core.receiving.urls import TrustedHosts
from ..server.worker.target import Target
from .hosting import Host, host_of


class Place(NamedTuple):
    host: Host
    target: str
    """Path and query as the app sees them: a path prefix of its public URL is a proxy's affair."""


class Places:
    """The app under test at its public URLs; where it has none, at every URL of the hosts that it trusts."""

    def __init__(self, app: Any, bases: tuple[str, ...], hosts: TrustedHosts | None) -> None:
        self._app = host_of(app)
        self._by_base: dict[str, Host] = dict.fromkeys(bases, self._app)
        self._hosts = hosts.hosts if hosts else frozenset[str]()

    def mount(self, base: str, app: Any) -> None:
        for checked in public_urls(base, "base"):
            self._by_base[checked] = host_of(app)

    def find(self, url: str) -> Place | None:
        for base in sorted(self._by_base, key=len, reverse=True):
            rest = url[len(base) :]
            if url.startswith(base) and rest[:1] in ("", "/", "?"):
                return Place(self._by_base[base], rest if rest.startswith("/") else f"/{rest}")
        target = Target.of(url)
        return Place(self._app, target.path) if target.host.lower() in self._hosts else None

    def described(self) -> str:
        return ", ".join((*self._by_base, *sorted(self._hosts)))
