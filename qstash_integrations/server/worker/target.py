"""The parts of a destination URL that a connection needs, and the origins that are delivered elsewhere."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from ..model import Refused, StartupError
from ..rules.destination import check_url


class Target(NamedTuple):
    """Of a URL that was checked when it was published; as they stand in it, but for the case of scheme and host."""

    scheme: str
    authority: str  # what the Host header says
    host: str
    port: int
    path: str  # and query, byte for byte

    @classmethod
    @lru_cache(maxsize=256)
    def of(cls, url: str) -> Self:
        scheme, _, rest = url.partition("://")
        authority = rest.partition("/")[0].partition("?")[0]
        path = rest[len(authority) :]
        parts = urlsplit(f"//{authority}")
        scheme = scheme.lower()
        return cls(
            scheme,
            authority,
            parts.hostname or "",
            parts.port or (443 if scheme == "https" else 80),
            path if path.startswith("/") else f"/{path}",
        )


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int


class Rewrites:
    """Pairs of origins: what is addressed to the first one is delivered to the second, as it was signed.

    Raises StartupError, in one line, for what is no origin and for one that is to go to two places.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._places: dict[_Origin, _Origin] = {}
        for addressed, delivered in pairs:
            origin = _origin(addressed)
            if origin in self._places:
                raise StartupError(f"--rewrite names {addressed} twice; give one place for it")
            self._places[origin] = _origin(delivered)

    def applied(self, target: Target) -> Target | None:
        """Where to connect to instead, with the Host header and the path of the URL; None for what stays as it is."""
        place = self._places.get(_Origin(target.scheme, target.host, target.port))
        return None if place is None else target._replace(**place._asdict())


def _origin(text: str) -> _Origin:
    try:
        target = Target.of(check_url(text, "--rewrite"))
    except Refused as error:
        raise StartupError(f"{error.text}: {text[:200]!r}") from error
    if target.path != "/":
        raise StartupError(f"--rewrite {text[:200]!r} is no origin; leave out what follows the host and the port")
    return _Origin(target.scheme, target.host, target.port)
