"""From options and settings to a ``Guard``: the same for every adapter.

Nothing here turns verification off: a missing key or URL is a ConfigurationError that says what to set.
"""

import secrets
from collections.abc import Callable, Collection
from functools import partial
from typing import Any, Literal, TypedDict, cast

from ..errors import ConfigurationError
from ..log_fields import fields
from ..names import check_names
from ..public_urls import NO_PUBLIC_URL, below, origins_of
from ..settings.from_settings import FromSettings
from ..settings.given import KEYS, Given
from ..settings.values import URL_MATCHES, Settings, url_match_of
from .guard import BODY_TIMEOUT, MAX_BODY_SIZE, Guard, GuardOptions, check_limits
from .receiver import Receiver
from .receivers import receiver_of, regional_receivers
from .report import Reporter, logger
from .runs import MEMBERS, Store
from .same import Same, decoded, exactly
from .token import Claims, Refusal
from .urls import AnyUrl, CurrentUrls, Expected, PublicUrls, trusted_hosts
from .verdict import Verdicts

_MATCHES: dict[str, Same] = dict(zip(URL_MATCHES, (exactly, decoded), strict=True))
# One for all probes that lack a setting.
_OF_PROBES = Reporter()


class Options(TypedDict, total=False):
    """``GuardOptions`` but for the values, of those that were given."""

    receiver: Receiver
    url_match: Literal["exact", "decoded"]
    verify_url: bool
    max_body_size: int
    body_timeout: float
    once: Store
    of_tasks: bool
    """Set by the routes of tasks alone: duplicates are known by the id of the call in the signed URL."""
    of_probe: bool
    """Set by the probe alone: its refusals carry a verdict, and a missing setting is one of them."""


class Wanted:
    """What one use of ``verify_qstash``, or an app's extension, was given. Safe to print."""

    __slots__ = ("given", "options")

    def __init__(self, given: tuple[Given, ...] = (), options: Options | None = None) -> None:
        self.given: tuple[Given, ...] = given
        """The values, which may be secrets, nearest first."""
        self.options: Options = options or {}

    @classmethod
    def taken_from(cls, options: Any, known: Collection[str] = GuardOptions.__annotations__) -> "Wanted":
        """Out of a function's own keywords, which hold no secret afterwards.

        Raises TypeError for an unknown option, ConfigurationError that names it for a bad value.
        """
        names = list(options)
        given = Given.taken_from(options)
        rest: Any = {name: options[name] for name in Options.__annotations__ if options.get(name) is not None}
        options.clear()  # what has an unknown name may be a secret as well: a token, or a key that is misspelled
        check_names(names, known)
        given.check()
        _check(given, rest)
        return cls((given,) if given else (), rest)

    def within(self, app: "Wanted") -> "Wanted":
        """With those of the app for what it does not say itself."""
        inherited: Any = dict(app.options)
        if any(given.has_keys for given in self.given):
            inherited.pop("receiver", None)
        if any("QSTASH_PUBLIC_URL" in given for given in self.given):
            inherited.pop("verify_url", None)
        return Wanted(self.given + app.given, cast("Options", {**inherited, **self.options}))


def load_given(*given: Given) -> Settings:
    """For an app whose framework has no configuration of its own."""
    return Settings.load(None, *given)


def guard_from_settings(
    wanted: Wanted,
    load: Callable[..., Settings] = load_given,
    hosts: Callable[[], object] = lambda: None,
) -> FromSettings[Guard]:
    """A guard made on first use, and anew when the settings have changed.

    ``load`` takes what was given, nearest first. ``hosts`` returns the framework's own list of host names, which serves
    where no public URL is set.
    """
    return FromSettings(lambda settings: _guard(settings, wanted.options, hosts()), partial(load, *wanted.given))


def bases_of_options(settings: Settings, options: Options, hosts: object) -> tuple[str, ...]:
    """What the URLs begin with that such a guard lets through; none where any does."""
    return () if options.get("verify_url") is False else _on_settings(settings, hosts).bases()


def _guard(settings: Settings, options: Options, hosts: object) -> Guard:
    if not options.get("of_probe"):
        return _made(settings, options, hosts)
    try:
        return _made(settings, options, hosts)
    except ConfigurationError as error:
        # An app that only publishes has a probe as well, and starts.
        missing, verdicts = _Unconfigured(str(error)), Verdicts(None, settings.token)
        return Guard(missing, AnyUrl(), reporter=_OF_PROBES, verdicts=verdicts)


def _made(settings: Settings, options: Options, hosts: object) -> Guard:
    given = options.get("receiver")
    receiver = given or receiver_of(settings)
    return Guard(
        receiver,
        _expected(settings, options, hosts),
        same=_MATCHES[options.get("url_match", settings.url_match)],
        regional=None if given else regional_receivers(settings),
        max_body_size=options.get("max_body_size", MAX_BODY_SIZE),
        body_timeout=options.get("body_timeout", BODY_TIMEOUT),
        once=options.get("once"),
        of_tasks=options.get("of_tasks", False),
        otel=settings.otel,
        verdicts=Verdicts(receiver, settings.token) if options.get("of_probe") else None,
    )


class _Unconfigured(Receiver):
    """Refuses whatever comes, since a setting is missing."""

    __slots__ = ("_lacking",)

    def __init__(self, lacking: str) -> None:
        super().__init__(secrets.token_hex(32), None)
        self._lacking = lacking

    def authenticate(self, signature: str | bytes | None, clock_tolerance: float | None = None) -> Claims | Refusal:
        return Refusal("unconfigured", "verification is not set up", remedy=self._lacking)


def _expected(settings: Settings, options: Options, hosts: object) -> Expected:
    if options.get("verify_url", True) is False:
        logger.warning(
            "qstash: verify_url=False: requests that were signed for any other URL of the account are accepted here",
            extra=fields("any_url_accepted"),
        )
        return AnyUrl()
    return _on_settings(settings, hosts)


def _on_settings(settings: Settings, hosts: object) -> Expected:
    origins = settings.origins
    if callable(origins):
        return CurrentUrls(lambda: below(origins(), settings.mount))
    expected = PublicUrls(below(origins, settings.mount)) if origins else trusted_hosts(hosts, settings.mount)
    if expected is None:
        raise ConfigurationError(NO_PUBLIC_URL)
    return expected


def _check(given: Given, options: Options) -> None:
    receiver: object = options.get("receiver")
    if receiver is not None and not isinstance(receiver, Receiver):
        raise ConfigurationError(f"receiver must be a qstash_integrations.Receiver, not {type(receiver).__name__}")
    if receiver is not None and any(key in given for key in KEYS):
        raise ConfigurationError("give a receiver or signing keys, not both: a receiver has keys of its own")
    store: object = options.get("once")
    if store is not None and (isinstance(store, type) or not all(hasattr(store, name) for name in MEMBERS)):
        raise ConfigurationError(f"once must be a store, such as qstash_integrations.once.MemoryStore(), not {store!r}")
    url_match_of(options.get("url_match", "exact"), "url_match")
    if type(options.get("verify_url", True)) is not bool:
        raise ConfigurationError(f"verify_url must be True or False, not {options.get('verify_url')!r}")
    if "QSTASH_PUBLIC_URL" in given and not origins_of(given.argument("QSTASH_PUBLIC_URL"), "public_url"):
        raise ConfigurationError("public_url is empty; leave it out to use QSTASH_PUBLIC_URL")
    check_limits(options.get("max_body_size", MAX_BODY_SIZE), options.get("body_timeout", BODY_TIMEOUT))
