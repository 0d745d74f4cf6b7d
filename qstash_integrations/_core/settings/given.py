"""Values that code hands over instead of the environment: arguments, and a settings object of the app's own.

Such an object is one of pydantic-settings, a dataclass, a module, a dict, our own ``Settings``, or a function that
returns one, which is called when the settings are read. Its secrets may be ``SecretStr``, its URLs URL objects.

Spec: https://docs.pydantic.dev/latest/concepts/pydantic_settings/
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, NoReturn, Protocol, TypeAlias, TypedDict, cast

from ..errors import ConfigurationError
from ..texts import plain

REGIONS = ("EU_CENTRAL_1", "US_EAST_1")
_MISSING = object()


class Secret(Protocol):
    """A text that does not print, such as pydantic's ``SecretStr``."""

    def get_secret_value(self) -> str: ...


Text: TypeAlias = str | Secret | None
PublicUrl: TypeAlias = str | list[str] | Callable[[], str | list[str]] | None


class VerifyingValues(TypedDict, total=False):
    """Settings of verification as arguments. None counts as not given; an argument wins over ``settings``."""

    settings: object
    """What has attributes such as ``qstash_current_signing_key``, or a function that returns it; read when needed."""
    current_signing_key: Text
    """Instead of QSTASH_CURRENT_SIGNING_KEY."""
    next_signing_key: Text
    """Instead of QSTASH_NEXT_SIGNING_KEY."""
    public_url: PublicUrl
    """Instead of QSTASH_PUBLIC_URL: the origin or origins under which QStash calls the app, or what tells them."""


class Values(VerifyingValues, total=False):
    """All settings as arguments; each is given instead of the variable that it names. None counts as not given."""

    token: Text
    """Instead of QSTASH_TOKEN."""
    base_url: Text
    """Instead of QSTASH_URL."""


# Each setting, and the argument that is given instead of it.
ARGUMENTS = {
    "QSTASH_TOKEN": "token",
    "QSTASH_URL": "base_url",
    "QSTASH_CURRENT_SIGNING_KEY": "current_signing_key",
    "QSTASH_NEXT_SIGNING_KEY": "next_signing_key",
    "QSTASH_PUBLIC_URL": "public_url",
}
KEYS = ("QSTASH_CURRENT_SIGNING_KEY", "QSTASH_NEXT_SIGNING_KEY")
SETTINGS = (
    *ARGUMENTS,
    "QSTASH_REGION",
    "QSTASH_URL_MATCH",
    "QSTASH_TASKS_URL",
    "QSTASH_OTEL",
    *(f"{region}_QSTASH_{name}" for region in REGIONS for name in ("URL", "TOKEN")),
    *(f"{region}_{key}" for region in REGIONS for key in KEYS),
)
_ALIASES = {"QSTASH_URL": ("qstash_base_url", "QSTASH_BASE_URL")}
# How an object may spell a setting, and how one whose attributes say nothing of QStash.
_SPELLINGS = {setting: (setting.lower(), setting, *_ALIASES.get(setting, ())) for setting in SETTINGS}
_BARE = {
    "QSTASH_TOKEN": ("token",),
    "QSTASH_URL": ("url", "base_url"),
    "QSTASH_CURRENT_SIGNING_KEY": ("current_signing_key",),
    "QSTASH_NEXT_SIGNING_KEY": ("next_signing_key",),
    "QSTASH_PUBLIC_URL": ("public_url",),
    "QSTASH_REGION": ("region",),
    "QSTASH_URL_MATCH": ("url_match",),
    "QSTASH_TASKS_URL": ("tasks_url",),
    "QSTASH_OTEL": ("otel",),
}
_ALL = frozenset(name for names in _SPELLINGS.values() for name in names)
_SIMILAR = 0.9  # of a name that is taken for a misspelled one


class Found(NamedTuple):
    """A value, and the name of what it was given as. Stays in no frame that raises."""

    value: Any
    name: str


Level: TypeAlias = Mapping[str, Found]
"""The values of one source, by setting."""


class Given:
    """What one piece of code was given, unchecked: who made it lets go of the values first. Prints as stars.

    No tuple or dict: error trackers print the locals of frames, and walk through those instead of asking for a repr.
    """

    __slots__ = ("_arguments", "_settings")

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._arguments: Level = {
            setting: Found(plain(values[name]), name)
            for setting, name in ARGUMENTS.items()
            if values.get(name) is not None
        }
        self._settings: Any = values.get("settings")

    def check(self) -> None:
        """ConfigurationError for a settings object that says nothing of QStash; a function is asked later."""
        if self._settings is not None and not _is_function(self._settings):
            values_of(self._settings)

    @classmethod
    def taken_from(cls, options: Any) -> "Given":
        """Out of a function's own keywords, which then hold no secret."""
        return cls({name: options.pop(name) for name in Values.__annotations__ if name in options})

    def levels(self) -> Iterator[Level]:
        """Nearest first."""
        yield self._arguments
        if self._settings is not None:
            yield values_of(self._settings)

    def __contains__(self, setting: str) -> bool:
        """Whether it was given as an argument."""
        return setting in self._arguments

    def __bool__(self) -> bool:
        return bool(self._arguments) or self._settings is not None

    @property
    def has_keys(self) -> bool:
        """Whether it says by which keys to verify."""
        return any(setting.endswith("_SIGNING_KEY") for level in self.levels() for setting in level)

    def argument(self, setting: str) -> Any:
        found = self._arguments.get(setting)
        return None if found is None else found.value

    def __reduce__(self) -> NoReturn:
        raise TypeError("what an app was given may hold signing keys and a token, and cannot be pickled or copied")

    def __repr__(self) -> str:
        return "Given(***)"


def values_of(settings: Any) -> Level:
    """What a settings object says of QStash. ConfigurationError when that is nothing, or a name is misspelled."""
    name = "settings"
    if _is_function(settings):
        name, settings = "settings()", settings()
    own: Callable[[], Mapping[str, object]] | None = getattr(settings, "by_setting", None)
    if own is not None:
        return {setting: Found(value, setting) for setting, value in own().items() if value is not None}
    spelled = _attributes(settings, name, _SPELLINGS) or _attributes(settings, name, _BARE)
    problem = _misspelled(settings, spelled) if spelled else _nothing(settings)
    if problem:
        del settings, spelled  # error trackers print the locals of raising frames
        raise ConfigurationError(f"{name} {problem}")
    return {setting: found for setting, found in spelled.items() if found.value is not None}


def _attributes(settings: Any, name: str, spellings: Mapping[str, Iterable[str]]) -> dict[str, Found]:
    found: dict[str, Found] = {}
    for setting, names in spellings.items():
        for attribute in names:
            value = _get(settings, attribute)
            if value is not _MISSING and (setting not in found or found[setting].value is None):
                found[setting] = Found(plain(value), f"{name}.{attribute}")
    return found


def _get(settings: Any, attribute: str) -> Any:
    if isinstance(settings, Mapping):
        return cast("Mapping[str, Any]", settings).get(attribute, _MISSING)
    return getattr(settings, attribute, _MISSING)


def _is_function(settings: object) -> bool:
    """Also a class, and what ``lru_cache`` makes; an object that is callable besides has attributes of ours."""
    return callable(settings) and (
        isinstance(settings, type)
        or not any(hasattr(settings, name) for names in _SPELLINGS.values() for name in names)
    )


def _misspelled(settings: Any, spelled: Mapping[str, Found]) -> str | None:
    missing = [names[0] for setting, names in _SPELLINGS.items() if setting not in spelled]
    for name in _names(settings):
        near = difflib.get_close_matches(name.lower(), missing, 1, _SIMILAR) if "qstash" in name.lower() else ()
        if near and name not in _ALL:
            return f"has no setting {name!r}; did you mean {near[0]!r}?"
    return None


def _nothing(settings: Any) -> str:
    known = ", ".join(names[0] for names in list(_SPELLINGS.values())[:6])
    near = next((match for name in _names(settings) for match in _near(name)), None)
    hint = f"; did you mean {near!r}?" if near else ""
    return f"({type(settings).__name__}) has none of {known}{hint}"


def _near(name: str) -> list[str]:
    return difflib.get_close_matches(name.lower(), [names[0] for names in _SPELLINGS.values()], 1, 0.8)


def _names(settings: Any) -> list[str]:
    names = list(cast("Iterable[object]", settings if isinstance(settings, Mapping) else dir(settings)))
    return [name for name in names if isinstance(name, str) and not name.startswith("_")]
