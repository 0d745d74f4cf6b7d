"""Where settings come from, and when they have changed. The only place that reads the environment.

Precedence: an argument, then the framework's configuration, then the environment; in a test, its override before all.
"""

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager

from .errors import ConfigurationError
from .production import declared
from .texts import problem_of_text

# What a test puts in front of everything else, and how often that or the framework's settings have changed.
_overrides: dict[str, str] = {}
_generation = 0


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


def generation() -> int:
    """How often the settings have changed."""
    return _generation


def production() -> tuple[str, str] | None:
    """The variable that declares this environment as production, and its value; None when none does."""
    name = declared(os.environ)
    return None if name is None else (name, os.environ[name])


class Reader:
    """Reads settings as texts; an error names the one that is none, and shows no value.

    A line end behind any of them is forgiven: files with secrets end with one.
    """

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
        if value is None:
            return None
        problem = problem_of_text(value)
        if problem is None:
            return str(value).rstrip("\r\n")
        del value
        raise ConfigurationError(f"{name} {problem}")
