"""From options and settings to a ``Guard``: the same for every adapter.

Nothing here turns verification off: a missing key or URL is a ConfigurationError that says what to set.
"""

from collections.abc import Callable, Iterable

from ..errors import ConfigurationError
from ..from_settings import FromSettings
from ..names import check_names
from ..public_urls import NO_PUBLIC_URL, below, origins_of
from ..settings import Settings
from .guard import BODY_TIMEOUT, MAX_BODY_SIZE, Guard, GuardOptions, check_limits
from .receiver import Receiver
from .receivers import receiver_of, regional_receivers
from .report import logger
from .runs import MEMBERS
from .same import Same, decoded, exactly
from .urls import AnyUrl, CurrentUrls, Expected, PublicUrls, trusted_hosts

_MATCHES: dict[str, Same] = {"exact": exactly, "decoded": decoded}


def guard_from_settings(
    options: GuardOptions,
    load: Callable[[], Settings] = Settings.load,
    hosts: Callable[[], object] = lambda: None,
) -> FromSettings[Guard]:
    """A guard made on first use, and anew when the settings have changed.

    ``hosts`` returns the framework's own list of host names, which serves where no public URL is set. Wrong options
    raise at once: TypeError for an unknown one, ConfigurationError that names it for a bad value.
    """
    _check(options)
    return FromSettings(lambda settings: _guard(settings, options, hosts()), load)


def check_guards(holders: Iterable[object]) -> None:
    """ConfigurationError for what a verified handler among ``holders`` lacks: for the start of an app."""
    for holder in holders:
        guard = getattr(holder, "qstash_guard", None)
        if isinstance(guard, FromSettings):
            guard()


def _guard(settings: Settings, options: GuardOptions, hosts: object) -> Guard:
    given = options.get("receiver")
    return Guard(
        given or receiver_of(settings),
        _expected(settings, options, hosts),
        same=_MATCHES[options.get("url_match", "exact")],
        regional=None if given else regional_receivers(settings),
        max_body_size=options.get("max_body_size", MAX_BODY_SIZE),
        body_timeout=options.get("body_timeout", BODY_TIMEOUT),
        once=options.get("once"),
    )


def _expected(settings: Settings, options: GuardOptions, hosts: object) -> Expected:
    if options.get("verify_url", True) is False:
        logger.warning(
            "qstash: verify_url=False: requests that were signed for any other URL of the account are accepted here"
        )
        return AnyUrl()
    origins = origins_of(options.get("public_url"), "public_url") or settings.origins
    if callable(origins):
        return CurrentUrls(lambda: below(origins(), settings.mount))
    expected = PublicUrls(below(origins, settings.mount)) if origins else trusted_hosts(hosts, settings.mount)
    if expected is None:
        raise ConfigurationError(NO_PUBLIC_URL)
    return expected


def _check(options: GuardOptions) -> None:
    check_names(options, GuardOptions.__annotations__)
    receiver = options.get("receiver")
    if receiver is not None and not isinstance(receiver, Receiver):
        raise ConfigurationError(f"receiver must be a qstash_integrations.Receiver, not {type(receiver).__name__}")
    store: object = options.get("once")
    if store is not None and (isinstance(store, type) or not all(hasattr(store, name) for name in MEMBERS)):
        raise ConfigurationError(f"once must be a store, such as qstash_integrations.once.MemoryStore(), not {store!r}")
    match: object = options.get("url_match", "exact")
    if not isinstance(match, str) or match not in _MATCHES:
        raise ConfigurationError(f'url_match must be "exact" or "decoded", not {match!r}')
    if type(options.get("verify_url", True)) is not bool:
        raise ConfigurationError(f"verify_url must be True or False, not {options.get('verify_url')!r}")
    if "public_url" in options and not origins_of(options["public_url"], "public_url"):
        raise ConfigurationError("public_url is empty; leave it out to use QSTASH_PUBLIC_URL")
    check_limits(options.get("max_body_size", MAX_BODY_SIZE), options.get("body_timeout", BODY_TIMEOUT))
