"""The QSTASH_* settings as values. Builds nothing of them: whoever receives or publishes does.

A setting is checked where it is used: an app that only publishes needs no signing keys, one that only receives needs
no token.

Spec: https://upstash.com/docs/qstash/howto/multi-region
"""

import logging
import re
from collections.abc import Mapping
from typing import NamedTuple, NoReturn, Self, Unpack
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigurationError
from ..hosts import is_hosted
from ..log_fields import fields
from ..names import check_names
from ..public_urls import Origins, below, origins_of, public_urls
from .environment import Reader
from .given import KEYS, REGIONS, Given, Values

URL_MATCHES = ("exact", "decoded")
OTEL = ("on", "links", "off")
DEFAULT_URL = "https://qstash.upstash.io"
_API_URL = re.compile(r"https?://[!$%&'()*+,\-./0-9:;=A-Z\[\]_a-z~]+", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"/v[12](?=/|\Z)", re.IGNORECASE)


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

    __slots__ = (
        "_names",
        "mount",
        "origins",
        "otel",
        "region",
        "regional_keys",
        "signing_keys",
        "tasks_url",
        "token",
        "url",
        "url_match",
    )

    def __init__(
        self,
        *,
        token: str | None,
        url: str,
        signing_keys: SigningKeys,
        public_url: Origins,
        region: str | None,
        regional_keys: Mapping[str, SigningKeys],
        url_match: str = "exact",
        tasks_url: str | None = None,
        otel: str = "on",
        names: Mapping[str, str] | None = None,
    ) -> None:
        self.token: str | None = token
        self.url: str = url
        """Base URL of the QStash API, no slash at its end."""
        self.signing_keys: SigningKeys = signing_keys
        self.origins: Origins = public_url
        """``public_url``, or the function that tells it."""
        self.mount: str = ""
        """Where the framework's settings mount the app, such as "/shop"; set by the adapter that knows."""
        self.url_match: str = url_match
        """How a request's URL is compared, where no option says it: "exact" or "decoded"."""
        self.tasks_url: str | None = tasks_url
        """Below what tasks are served, where that is no path on the public URL; no slash at its end."""
        self.otel: str = otel
        """Whether OpenTelemetry is told of messages, and how their trace context travels: "on", "links" or "off"."""
        self.region: str | None = region
        self.regional_keys: Mapping[str, SigningKeys] = regional_keys
        """Complete pairs only, by region; empty unless QSTASH_REGION is set."""
        self._names = names or {}

    @classmethod
    def load(cls, config: Mapping[str, object] | None = None, *given: Given, **values: Unpack[Values]) -> Self:
        """Read every setting: from the values given here, then from ``given``, ``config`` and the environment.

        Raises ConfigurationError that names the setting or argument for a value of the wrong type or form.
        """
        here = Given.taken_from(values)
        read = Reader(config or {}, (here, *given))
        del config  # what follows may raise, and error trackers print the locals of raising frames
        check_names(dict.fromkeys(values), Values.__annotations__, "setting")
        region = _region(read("QSTASH_REGION"))
        prefix = _prefix(read, region)
        # Whoever hands over one key means no other of somebody else's, nor those of the environment's regions.
        keys = read.together(*KEYS)
        return cls(
            token=read("QSTASH_TOKEN", prefix),
            url=_api_url(read("QSTASH_URL", prefix)),
            signing_keys=SigningKeys(*map(keys, KEYS)),
            public_url=origins_of(*read.find("QSTASH_PUBLIC_URL")),
            region=region,
            regional_keys=_regional_keys(keys) if region else {},
            url_match=url_match_of(read("QSTASH_URL_MATCH") or "exact", "QSTASH_URL_MATCH"),
            tasks_url=_tasks_url(read),
            otel=_otel(read("QSTASH_OTEL")),
            names=read.names,
        )

    @property
    def public_url(self) -> tuple[str, ...]:
        """Under what QStash calls the app, at this moment; the first one is used to build URLs."""
        return below(self.origins() if callable(self.origins) else self.origins, self.mount)

    def name_of(self, setting: str) -> str:
        """What to call it in an error: the attribute that it was given as."""
        name = self._names.get(setting, setting)
        # The token and the address of the API have one name, also where they are a client's arguments.
        return setting if name in ("token", "base_url") else name

    def by_setting(self) -> Mapping[str, object]:
        """For who gives these settings on, as ``settings=``."""
        pairs = {"": self.signing_keys} | {f"{region}_": keys for region, keys in self.regional_keys.items()}
        rest: dict[str, object] = {
            "QSTASH_TOKEN": self.token,
            "QSTASH_URL": self.url,
            "QSTASH_PUBLIC_URL": self.origins or None,
            "QSTASH_REGION": self.region,
            "QSTASH_URL_MATCH": self.url_match,
            "QSTASH_TASKS_URL": self.tasks_url,
            "QSTASH_OTEL": self.otel,
        }
        return rest | {
            prefix + key: value for prefix, keys in pairs.items() for key, value in zip(KEYS, keys, strict=True)
        }

    def require_token(self) -> str:
        """The token, or a ConfigurationError that says where to find it."""
        token = (self.token or "").strip()
        if not token:
            raise ConfigurationError(f"{self.name_of('QSTASH_TOKEN')} is not set; copy it from the QStash console")
        if not token.isascii() or not token.isprintable() or " " in token:
            del token  # error trackers print the locals of raising frames
            name = self.name_of("QSTASH_TOKEN")
            raise ConfigurationError(f"{name} has blanks or characters that no token has; copy it again")
        return token

    def __reduce__(self) -> NoReturn:
        raise TypeError("Settings hold signing keys and a token and cannot be pickled or copied")

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, public_url={self.origins!r}, region={self.region!r}, ***)"


def _tasks_url(read: Reader) -> str | None:
    found = public_urls(read("QSTASH_TASKS_URL"), "QSTASH_TASKS_URL")
    return found[0] if found else None


def _region(text: str | None) -> str | None:
    region = (text or "").upper().replace("-", "_")
    if region and region not in REGIONS:
        raise ConfigurationError(f"QSTASH_REGION must be one of {', '.join(REGIONS)}, not {text!r}")
    return region or None


def url_match_of(value: object, name: str) -> str:
    """How to compare URLs; ConfigurationError names ``name``."""
    if not isinstance(value, str) or value not in URL_MATCHES:
        raise ConfigurationError(f'{name} must be "exact" or "decoded", not {value!r}')
    return value


def _otel(text: str | None) -> str:
    word = (text or "on").strip().lower()
    if word not in OTEL:
        raise ConfigurationError(f'QSTASH_OTEL must be "on", "links" or "off", not {text!r}')
    return word


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
            extra=fields("region_incomplete"),
        )
    return f"{region}_" if all(pair) else ""


def _regional_keys(read: Reader) -> dict[str, SigningKeys]:
    pairs = {region: SigningKeys(*(read(f"{region}_{key}") for key in KEYS)) for region in REGIONS}
    return {region: keys for region, keys in pairs.items() if keys.current and keys.next}


def _api_url(text: str | None) -> str:
    url = (text or "").strip().rstrip("/").removesuffix("/v2/publish") or DEFAULT_URL
    parts = _parts(url)
    if parts is None:
        raise ConfigurationError(
            f"QSTASH_URL must be the address of the QStash API, such as {DEFAULT_URL}, without user, query or fragment"
        )
    problem = _problem_of_api_url(parts)
    if problem:
        raise ConfigurationError(f"QSTASH_URL {problem}; set it to the API alone, such as {DEFAULT_URL}")
    return url


def _parts(url: str) -> SplitResult | None:
    """None for what is no URL of an API."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and _is_host(parts.hostname or "") and parts.port != 0
    except ValueError:
        return None
    return parts if valid and _API_URL.fullmatch(url) else None


def _problem_of_api_url(parts: SplitResult) -> str | None:
    """Why no API is there. A path of its own may be that of a gateway, but not one of the API's."""
    host = (parts.hostname or "").removesuffix(".")
    if host == "upstash.com" or host.endswith(".upstash.com"):
        return f"is {host}, which is no API but a site for people"
    if version := _VERSION.search(parts.path):
        return f"has {version[0]!r} in its path, which every call brings along"
    if parts.path and is_hosted(parts.geturl()):
        return f"has the path {parts.path[:80]!r}, which QStash does not know"
    return None


def _is_host(name: str) -> bool:
    """Whether its labels are as long as those of a host name may be; looking up others is no error of the network."""
    return len(name) < 254 and all(0 < len(label) < 64 for label in name.removesuffix(".").split("."))
