"""The QSTASH_* settings, and the only place that reads the environment.

Precedence: an argument, then the framework's configuration, then the environment. A setting is checked where it is
used: an app that only publishes needs no signing keys, one that only receives needs no token.

Spec: https://upstash.com/docs/qstash/howto/multi-region
"""

import logging
import os
import re
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Generic, NamedTuple, NoReturn, TypeVar
from urllib.parse import urlsplit

from .errors import ConfigurationError
from .processes import renew_in_children
from .receiving.receiver import Receiver
from .receiving.urls import public_urls

DEFAULT_URL = "https://qstash.upstash.io"
_API_URL = re.compile(r"https?://[!$%&'()*+,\-./0-9:;=A-Z\[\]_a-z~]+", re.ASCII | re.IGNORECASE)
REGIONS = ("EU_CENTRAL_1", "US_EAST_1")
T = TypeVar("T")

# What a test puts in front of everything else, and how often that or the framework's settings have changed.
_overrides: dict[str, str] = {}
_generation = 0


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

    __slots__ = ("public_url", "region", "regional_keys", "signing_keys", "token", "url")

    def __init__(
        self,
        *,
        token: str | None,
        url: str,
        signing_keys: SigningKeys,
        public_url: tuple[str, ...],
        region: str | None,
        regional_keys: Mapping[str, SigningKeys],
    ) -> None:
        self.token: str | None = token
        self.url: str = url
        """Base URL of the QStash API, no slash at its end."""
        self.signing_keys: SigningKeys = signing_keys
        self.public_url: tuple[str, ...] = public_url
        """Origins under which QStash calls the app; the first one is used to build URLs."""
        self.region: str | None = region
        self.regional_keys: Mapping[str, SigningKeys] = regional_keys
        """Complete pairs only, by region; empty unless QSTASH_REGION is set."""

    @classmethod
    def load(cls, config: Mapping[str, object] | None = None, **arguments: object) -> "Settings":
        """Read every setting; ``arguments`` are ``token``, ``url`` and ``public_url``, None meaning not given.

        Raises ConfigurationError that names the setting for a value of the wrong type or form.
        """
        read = _Reader(config or {}, arguments)
        del config, arguments  # what follows may raise, and error trackers print the locals of raising frames
        region = _region(read("QSTASH_REGION"))
        prefix = _prefix(read, region)
        return cls(
            token=read("QSTASH_TOKEN", "token", prefix),
            url=_api_url(read("QSTASH_URL", "url", prefix)),
            signing_keys=SigningKeys(read("QSTASH_CURRENT_SIGNING_KEY"), read("QSTASH_NEXT_SIGNING_KEY")),
            public_url=public_urls(*read.find("QSTASH_PUBLIC_URL", "public_url")),
            region=region,
            regional_keys=_regional_keys(read) if region else {},
        )

    def require_token(self) -> str:
        """The token, or a ConfigurationError that says where to find it."""
        token = (self.token or "").strip()
        if not token:
            raise ConfigurationError("QSTASH_TOKEN is not set; copy it from the QStash console")
        if not token.isascii() or not token.isprintable() or " " in token:
            del token  # error trackers print the locals of raising frames
            raise ConfigurationError("QSTASH_TOKEN has blanks or characters that no token has; copy it again")
        return token

    def receiver(self, *, clock_tolerance: float = 5, now: Callable[[], float] = time.time) -> Receiver:
        """A Receiver for the configured pair of keys, or a ConfigurationError that names the setting."""
        return self._receiver(self.signing_keys, "", clock_tolerance, now)

    def regional_receivers(self) -> dict[str, Receiver]:
        """A Receiver per region that has its own pair of keys, by the region's name."""
        return {name: self._receiver(keys, f"{name}_", 5, time.time) for name, keys in self.regional_keys.items()}

    def _receiver(self, keys: SigningKeys, prefix: str, clock_tolerance: float, now: Callable[[], float]) -> Receiver:
        for name, key in (("CURRENT", keys.current), ("NEXT", keys.next)):
            if key is None:
                setting = f"{prefix}QSTASH_{name}_SIGNING_KEY"
                del keys, key
                raise ConfigurationError(f"{setting} is not set; copy it from the QStash console")
        try:
            return Receiver(
                str(keys.current),
                str(keys.next),
                clock_tolerance=clock_tolerance,
                allow_dev_keys=is_loopback(self.url),
                now=now,
            )
        except ConfigurationError as error:
            problem = str(error)
        del keys, key
        for argument, setting in _SETTING_OF.items():
            problem = problem.replace(argument, f"{prefix}{setting}")
        raise ConfigurationError(problem)

    def __reduce__(self) -> NoReturn:
        raise TypeError("Settings hold signing keys and a token and cannot be pickled or copied")

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, public_url={self.public_url!r}, region={self.region!r}, ***)"


class FromSettings(Generic[T]):
    """A value made from the settings on first use, and again once they have changed.

    What is made early would hold the keys of the moment: an override in a test, or Django's ``override_settings``,
    would not reach it.
    """

    def __init__(self, build: Callable[[Settings], T], load: Callable[[], Settings] = Settings.load) -> None:
        self._build = build
        self._load = load
        self._made: tuple[int, T] | None = None
        self._renew()
        renew_in_children(self._renew)

    def __call__(self) -> T:
        made = self._made
        if made is None or made[0] != _generation:
            with self._making:
                made = self._made
                if made is None or made[0] != _generation:
                    generation = _generation
                    made = self._made = (generation, self._build(self._load()))
        return made[1]

    def _renew(self) -> None:
        self._making = threading.Lock()


@contextmanager
def override_settings(**settings: str) -> Generator[None]:
    """For tests: these values win over arguments, configuration and environment, in apps built before as well."""
    global _overrides
    before = _overrides
    _overrides = {**before, **settings}
    settings_changed()
    try:
        yield
    finally:
        _overrides = before
        settings_changed()


def settings_changed() -> None:
    """Everything made from settings is made anew at its next use."""
    global _generation
    _generation += 1


def is_loopback(url: str) -> bool:
    """Whether ``url`` names this machine, by its text alone."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_SETTING_OF = {
    "current_signing_key": "QSTASH_CURRENT_SIGNING_KEY",
    "next_signing_key": "QSTASH_NEXT_SIGNING_KEY",
}


class _Reader:
    def __init__(self, config: Mapping[str, object], arguments: Mapping[str, object]) -> None:
        self._config = config
        self._arguments = arguments

    def find(self, setting: str, argument: str = "", prefix: str = "") -> tuple[object, str]:
        """The first that is there, and its name: override, argument, then configuration and environment by prefix."""
        for source, name in (
            (_overrides, setting),
            (self._arguments, argument),
            (self._config, prefix + setting),
            (os.environ, prefix + setting),
        ):
            if (found := source.get(name)) is not None:
                return found, name
        return None, setting

    def __call__(self, setting: str, argument: str = "", prefix: str = "") -> str | None:
        value, name = self.find(setting, argument, prefix)
        if value is None or isinstance(value, str):
            return value
        kind = type(value).__name__
        del value
        raise ConfigurationError(f"{name} must be a text, not {kind}")


def _region(text: str | None) -> str | None:
    region = (text or "").upper().replace("-", "_")
    if region and region not in REGIONS:
        raise ConfigurationError(f"QSTASH_REGION must be one of {', '.join(REGIONS)}, not {text!r}")
    return region or None


def _prefix(read: _Reader, region: str | None) -> str:
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


def _regional_keys(read: _Reader) -> dict[str, SigningKeys]:
    pairs = {
        region: SigningKeys(read(f"{region}_QSTASH_CURRENT_SIGNING_KEY"), read(f"{region}_QSTASH_NEXT_SIGNING_KEY"))
        for region in REGIONS
    }
    return {region: keys for region, keys in pairs.items() if keys.current and keys.next}


def _api_url(text: str | None) -> str:
    url = (text or "").strip().rstrip("/").removesuffix("/v2/publish") or DEFAULT_URL
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not _API_URL.fullmatch(url):
        raise ConfigurationError(
            f"QSTASH_URL must be the address of the QStash API, such as {DEFAULT_URL}, without user, query or fragment"
        )
    return url
