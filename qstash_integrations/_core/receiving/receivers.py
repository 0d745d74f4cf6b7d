"""Receivers made from settings; their errors name the setting and not the argument.

Spec: https://upstash.com/docs/qstash/howto/multi-region
"""

from collections.abc import Callable, Sequence

from ..errors import ConfigurationError
from ..settings.development import remedy_for_dev_keys
from ..settings.given import KEYS
from ..settings.values import Settings as Values
from ..settings.values import SigningKeys
from .receiver import DEV_KEYS, PUBLISHED, Receiver, wall_clock

_ARGUMENTS = ("current_signing_key", "next_signing_key")


class Settings(Values):
    """The settings as they are now, and the Receiver that they make. Secrets do not show in its repr."""

    __slots__ = ()

    def receiver(self, *, clock_tolerance: float = 5, now: Callable[[], float] = wall_clock) -> Receiver:
        """A Receiver for the configured pair of keys, or a ConfigurationError that names the setting.

        ``clock_tolerance`` is in seconds, ``now`` returns Unix seconds.
        """
        return receiver_of(self, clock_tolerance=clock_tolerance, now=now)


def receiver_of(settings: Values, *, clock_tolerance: float = 5, now: Callable[[], float] = wall_clock) -> Receiver:
    """A Receiver for the configured pair of keys, or a ConfigurationError that names the setting."""
    names = [settings.name_of(key) for key in KEYS]
    return _receiver(settings.signing_keys, settings.url, names, clock_tolerance, now)


def regional_receivers(settings: Values) -> dict[str, Receiver]:
    """A Receiver per region that has its own pair of keys, by the region's name."""
    return {
        name: _receiver(keys, settings.url, [f"{name}_{key}" for key in KEYS], 5, wall_clock)
        for name, keys in settings.regional_keys.items()
    }


def _receiver(
    keys: SigningKeys, api_url: str, names: Sequence[str], clock_tolerance: float, now: Callable[[], float]
) -> Receiver:
    key: str | None = None
    remedy = remedy_for_dev_keys(api_url)
    for name, key in zip(names, keys, strict=True):
        problem = None
        if key is None:
            problem = "is not set; copy it from the QStash console"
        elif remedy and key in DEV_KEYS:
            problem = f"{PUBLISHED}; {remedy}"
        if problem:
            del keys, key
            raise ConfigurationError(f"{name} {problem}")
    try:
        return Receiver(
            str(keys.current),
            str(keys.next),
            clock_tolerance=clock_tolerance,
            allow_dev_keys=remedy is None,
            now=now,
        )
    except ConfigurationError as error:
        problem = str(error)
    del keys, key
    for argument, name in zip(_ARGUMENTS, names, strict=True):
        if problem.startswith(argument):
            raise ConfigurationError(name + problem.removeprefix(argument))
    raise ConfigurationError(problem)
