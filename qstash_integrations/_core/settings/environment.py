"""Where settings come from, and when they have changed. The only place that reads the environment.

Precedence: an argument, then the settings object that was given, then the framework's configuration, then the
environment; what an endpoint was given before what its app was; in a test, its override before all.
"""

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import Literal

from ..errors import ConfigurationError
from ..texts import plain, problem_of_text
from .given import ARGUMENTS, Found, Given, Level
from .production import declared

_SOURCES: tuple[Literal["configured", "environment"], ...] = ("configured", "environment")
# What a test puts in front of everything else.
_overrides: dict[str, str] = {}
# Values that count as others, by setting: code may hand on what a terminal says.
_replaced: dict[str, tuple[str, str]] = {}
generation: int = 0
"""How often the settings have changed: an override, or the framework's. To be read from the module, not imported."""


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


@contextmanager
def replace_value(setting: str, value: str, instead: str) -> Generator[None]:
    """For tests: a setting that is found to be ``value``, wherever, is ``instead``; an override stays as it is."""
    global _replaced
    before = _replaced
    _replaced = {**before, setting: (value, instead)}
    settings_changed()
    try:
        yield
    finally:
        _replaced = before
        settings_changed()


def settings_changed() -> None:
    """Everything made from settings is made anew at its next use."""
    global generation
    generation += 1


def production() -> tuple[str, str] | None:
    """The variable that declares this environment as production, and its value; None when none does."""
    name = declared(os.environ)
    return None if name is None else (name, os.environ[name])


class Reader:
    """Reads settings as texts; an error names the one that is none, and shows no value.

    A line end behind any of them is forgiven: files with secrets end with one.
    """

    def __init__(self, config: Mapping[str, object], given: Iterable[Given]) -> None:
        self._given = tuple(given)
        self._sources: tuple[Mapping[str, object], ...] = (config, os.environ)
        self.names: dict[str, str] = {}
        """What each setting that was found was given as."""

    def find(self, setting: str, prefix: str = "") -> Found:
        """The first that is there: override, what code was given, then configuration and environment by prefix."""
        found = self._find(setting, prefix)
        self.names[setting] = found.name
        return found

    def __call__(self, setting: str, prefix: str = "") -> str | None:
        value, name = self.find(setting, prefix)
        if value is None:
            return None
        problem = problem_of_text(value)
        if problem is None:
            return str(value).rstrip("\r\n")
        del value
        raise ConfigurationError(f"{name} {problem}")

    def source(self, setting: str) -> Literal["given", "configured", "environment", ""]:
        """Where ``find`` has it from; empty where it is not set. An override of a test counts as given."""
        if setting in _overrides or any(setting in level for level in chain.from_iterable(self._levels)):
            return "given"
        for where, values in zip(_SOURCES, self._sources, strict=False):
            if values.get(setting) is not None:
                return where
        return ""

    def together(self, *settings: str) -> "Reader":
        """For settings that are of no use apart: who was given one of them in code gets none from anywhere else."""
        for number, levels in enumerate(self._levels):
            if any(setting in level for level in levels for setting in settings):
                reader = Reader({}, self._given[number : number + 1])
                reader._levels, reader._sources, reader.names = [levels], (), self.names
                return reader
        return self

    @cached_property
    def _levels(self) -> list[list[Level]]:
        return [list(one.levels()) for one in self._given]

    def _find(self, setting: str, prefix: str) -> Found:
        if setting in _overrides:
            return Found(_overrides[setting], setting)
        found = self._given_or_set(setting, prefix)
        value, instead = _replaced.get(setting, (None, None))
        return Found(instead, setting) if value is not None and found.value == value else found

    def _given_or_set(self, setting: str, prefix: str) -> Found:
        for level in chain.from_iterable(self._levels):
            for name in (prefix + setting, setting):
                if name in level:
                    return level[name]
        for source in self._sources:
            if (value := source.get(prefix + setting)) is not None:
                return Found(plain(value), prefix + setting)
        return Found(None, setting if self._sources else ARGUMENTS.get(setting, setting))
