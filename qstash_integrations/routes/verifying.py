"""From what a verified handler was given to the value that says how it verifies."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from .._core.errors import ConfigurationError
from .._core.receiving.guard import BODY_TIMEOUT, MAX_BODY_SIZE
from .._core.receiving.guards import AppValues, Guards
from .._core.receiving.options import Options, Wanted, bases_of_options, load_given
from .._core.settings.given import KEYS
from .._core.settings.values import Settings
from .route import By, Verification


def verification_of(
    by: By,
    wanted: Wanted,
    check: Callable[[], object],
    *,
    load: Callable[..., Settings] = load_given,
    hosts: object = None,
    inbox: str | None = None,
) -> Verification:
    """``wanted`` is what the handler was given, with what its app was given; ``check`` raises for what is wrong."""
    options, url_match = wanted.options, "exact"
    bases: tuple[str, ...] = ()
    try:
        settings = load(*wanted.given)
        url_match = options.get("url_match", settings.url_match)
        bases = bases_of_options(settings, options, hosts)
        check()
        problem = None
    except ConfigurationError as error:
        problem = str(error)
    return Verification(
        by=by,
        bases=bases,
        any_url=options.get("verify_url") is False,
        url_match=url_match,
        once=_kind_of(options),
        inbox=inbox,
        max_body_size=options.get("max_body_size", MAX_BODY_SIZE),
        body_timeout=options.get("body_timeout", BODY_TIMEOUT),
        own_public_url=_gives(wanted, ("QSTASH_PUBLIC_URL",)),
        own_keys="receiver" in options or _gives(wanted, KEYS),
        problem=problem,
    )


def verification_by(by: By, holder: object, values: AppValues | None = None) -> Verification | None:
    """Of a handler or a middleware of ASGI or aiohttp, with the values of the app around it; None for an open one."""
    guards = getattr(holder, "qstash_guard", None)
    if not isinstance(guards, Guards):
        return None
    wanted = guards.wanted if values is None else guards.wanted.within(values.wanted)
    return verification_of(by, wanted, lambda: guards.within(values)())


def methods_of(given: Iterable[str] | None) -> tuple[str, ...]:
    """Without those that frameworks add by themselves."""
    methods = {method.upper() for method in given or ()}
    if "GET" in methods:
        methods.discard("HEAD")
    return tuple(sorted(methods - {"OPTIONS", "*"}))


def name_of(handler: Any) -> str:
    """The dotted name under which one finds it in the code."""
    if not hasattr(handler, "__qualname__"):
        handler = cast("Any", type(handler))
    return f"{handler.__module__}.{handler.__qualname__}"


def _gives(wanted: Wanted, names: Iterable[str]) -> bool:
    return any(name in given for given in wanted.given for name in names)


def _kind_of(options: Options) -> str | None:
    known: Mapping[str, Any] = options
    store = known.get("once")
    return None if store is None else type(store).__name__
