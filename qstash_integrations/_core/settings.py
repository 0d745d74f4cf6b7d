"""The QSTASH_* settings as values. Builds nothing of them: whoever receives or publishes does.

A setting is checked where it is used: an app that only publishes needs no signing keys, one that only receives needs
no token.

Spec: https://upstash.com/docs/qstash/howto/multi-region
"""

import logging
import re
from collections.abc import Mapping
from typing import NamedTuple, NoReturn, Self
from urllib.parse import SplitResult, urlsplit

from .environment import Reader
from .errors import ConfigurationError
from .hosts import is_hosted
from .public_urls import Origins, origins_of

DEFAULT_URL = "https://qstash.upstash.io"
_API_URL = re.compile(r"https?://[!$%&'()*+,\-./0-9:;=A-Z\[\]_a-z~]+", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"/v[12](?=/|\Z)", re.IGNORECASE)
REGIONS = ("EU_CENTRAL_1", "US_EAST_1")


class SigningKeys(NamedTuple):
    """One region's pair. Prints as stars."""

    current: str | None
    next: str | None

    def __repr__(self) -> str:
        return "SigningKeys(***)"


class Settings:
    """The settings as they are now. Secrets do not show in its repr.

    No tuple: error trackers print the locals of frames, and walk through tuples instead of asking for their repr.
    """

    __slots__ = ("origins", "region", "regional_keys", "signing_keys", "token", "url")

    def __init__(
        self,
        *,
        token: str | None,
        url: str,
        signing_keys: SigningKeys,
        public_url: Origins,
        region: str | None,
        regional_keys: Mapping[str, SigningKeys],
    ) -> None:
        self.token: str | None = token
        self.url: str = url
        """Base URL of the QStash API, no slash at its end."""
        self.signing_keys: SigningKeys = signing_keys
        self.origins: Origins = public_url
        """``public_url``, or the function that tells it."""
        self.region: str | None = region
        self.regional_keys: Mapping[str, SigningKeys] = regional_keys
        """Complete pairs only, by region; empty unless QSTASH_REGION is set."""

    @classmethod
    def load(cls, config: Mapping[str, object] | None = None, **arguments: object) -> Self:
        """Read every setting; ``arguments`` are ``token``, ``url`` and ``public_url``, None meaning not given.

        Raises ConfigurationError that names the setting for a value of the wrong type or form.
        """
        read = Reader(config or {}, arguments)
        del config, arguments  # what follows may raise, and error trackers print the locals of raising frames
        region = _region(read("QSTASH_REGION"))
        prefix = _prefix(read, region)
        return cls(
            token=read("QSTASH_TOKEN", "token", prefix),
            url=_api_url(read("QSTASH_URL", "url", prefix)),
            signing_keys=SigningKeys(read("QSTASH_CURRENT_SIGNING_KEY"), read("QSTASH_NEXT_SIGNING_KEY")),
            public_url=origins_of(*read.find("QSTASH_PUBLIC_URL", "public_url")),
            region=region,
            regional_keys=_regional_keys(read) if region else {},
        )

    @property
    def public_url(self) -> tuple[str, ...]:
        """Origins under which QStash calls the app, at this moment; the first one is used to build URLs."""
        return self.origins() if callable(self.origins) else self.origins

    def require_token(self) -> str:
        """The token, or a ConfigurationError that says where to find it."""
        token = (self.token or "").strip()
        if not token:
            raise ConfigurationError("QSTASH_TOKEN is not set; copy it from the QStash console")
        if not token.isascii() or not token.isprintable() or " " in token:
            del token  # error trackers print the locals of raising frames
            raise ConfigurationError("QSTASH_TOKEN has blanks or characters that no token has; copy it again")
        return token

    def __reduce__(self) -> NoReturn:
        raise TypeError("Settings hold signing keys and a token and cannot be pickled or copied")

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, public_url={self.origins!r}, region={self.region!r}, ***)"


def _region(text: str | None) -> str | None:
    region = (text or "").upper().replace("-", "_")
    if region and region not in REGIONS:
        raise ConfigurationError(f"QSTASH_REGION must be one of {', '.join(REGIONS)}, not {text!r}")
    return region or None


def _prefix(read: Reader, region: str | None) -> str:
    """The region's own URL and token are used as a pair or not at all, as in the official JavaScript SDK."""
    if region is None:
        return ""
    pair = [read(f"{region}_QSTASH_URL"), read(f"{region}_QSTASH_TOKEN")]
    if any(pair) and not all(pair):
        logging.getLogger("qstash_integrations").warning(
            "%s_QSTASH_URL and %s_QSTASH_TOKEN are used together only; one is not set, so QSTASH_URL and "
            "QSTASH_TOKEN are used",
            region,
            region,
        )
    return f"{region}_" if all(pair) else ""


def _regional_keys(read: Reader) -> dict[str, SigningKeys]:
    pairs = {
        region: SigningKeys(read(f"{region}_QSTASH_CURRENT_SIGNING_KEY"), read(f"{region}_QSTASH_NEXT_SIGNING_KEY"))
        for region in REGIONS
    }
    return {region: keys for region, keys in pairs.items() if keys.current and keys.next}


def _api_url(text: str | None) -> str:
    url = (text or "").strip().rstrip("/").removesuffix("/v2/publish") or DEFAULT_URL
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not _API_URL.fullmatch(url):
        raise ConfigurationError(
            f"QSTASH_URL must be the address of the QStash API, such as {DEFAULT_URL}, without user, query or fragment"
        )
    problem = _problem_of_api_url(parts)
    if problem:
        raise ConfigurationError(f"QSTASH_URL {problem}; set it to the API alone, such as {DEFAULT_URL}")
    return url


def _problem_of_api_url(parts: SplitResult) -> str | None:
    """Why no API is there. A path of its own may be that of a gateway, but not one of the API's."""
    host = (parts.hostname or "").removesuffix(".")
    if host == "upstash.com" or host.endswith(".upstash.com"):
        return f"is {host}, which is no API but a site for people"
    if version := _VERSION.search(parts.path):
        return f"has {version[0]!r} in its path, which every call brings along"
    return (
        f"has the path {parts.path[:80]!r}, which QStash does not know"
        if parts.path and is_hosted(parts.geturl())
        else None
    )


def _is_host(name: str) -> bool:
    """Whether its labels are as long as those of a host name may be; looking up others is no error of the network."""
    return len(name) < 254 and all(0 < len(label) < 64 for label in name.removesuffix(".").split("."))
