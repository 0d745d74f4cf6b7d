"""Receivers made from settings; their errors name the setting and not the argument.

Spec: https://upstash.com/docs/qstash/howto/multi-region
"""

import time
from collections.abc import Callable

from ..development import remedy_for_dev_keys
from ..errors import ConfigurationError
from ..settings import Settings as Values
from ..settings import SigningKeys
from .receiver import DEV_KEYS, PUBLISHED, Receiver

_SETTING_OF = {
    "current_signing_key": "QSTASH_CURRENT_SIGNING_KEY",
    "next_signing_key": "QSTASH_NEXT_SIGNING_KEY",
}


class Settings(Values):
    """The settings as they are now, and the Receiver that they make. Secrets do not show in its repr."""

    __slots__ = ()

    def receiver(self, *, clock_tolerance: float = 5, now: Callable[[], float] = time.time) -> Receiver:
        """A Receiver for the configured pair of keys, or a ConfigurationError that names the setting."""
        return receiver_of(self, clock_tolerance=clock_tolerance, now=now)


def receiver_of(settings: Values, *, clock_tolerance: float = 5, now: Callable[[], float] = time.time) -> Receiver:
    """A Receiver for the configured pair of keys, or a ConfigurationError that names the setting."""
    return _receiver(settings.signing_keys, settings.url, "", clock_tolerance, now)


def regional_receivers(settings: Values) -> dict[str, Receiver]:
    """A Receiver per region that has its own pair of keys, by the region's name."""
    return {
        name: _receiver(keys, settings.url, f"{name}_", 5, time.time) for name, keys in settings.regional_keys.items()
    }


def _receiver(
    keys: SigningKeys, api_url: str, prefix: str, clock_tolerance: float, now: Callable[[], float]
) -> Receiver:
    remedy = remedy_for_dev_keys(api_url)
    for name, key in (("CURRENT", keys.current), ("NEXT", keys.next)):
        problem = None
        if key is None:
            problem = "is not set; copy it from the QStash console"
        elif remedy and key in DEV_KEYS:
            problem = f"{PUBLISHED}; {remedy}"
        if problem:
            del keys, key
            raise ConfigurationError(f"{prefix}QSTASH_{name}_SIGNING_KEY {problem}")
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
    for argument, setting in _SETTING_OF.items():
        problem = problem.replace(argument, f"{prefix}{setting}")
    raise ConfigurationError(problem)
