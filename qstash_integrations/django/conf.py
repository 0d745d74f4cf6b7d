"""The settings in ``settings.py``: the dict ``QSTASH = {"TOKEN": ...}`` or the flat names such as QSTASH_TOKEN.

Read at each use, never at import, and again when ``override_settings`` has changed them.

Spec: https://docs.djangoproject.com/en/stable/topics/settings/
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Self, cast

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.urls import clear_url_caches
from django.utils.module_loading import import_string

from .._core import errors
from .._core.app_options import TasksGiven
from .._core.durations import parse_duration
from .._core.names import hint
from .._core.public_urls import mount_of
from .._core.publishing.manner import CONFIGURED, Manner, manner_of
from .._core.receiving.options import Wanted
from .._core.receiving.probe import probe_path_of
from .._core.settings.environment import settings_changed
from .._core.settings.given import REGIONS, Given, values_of
from .._core.settings.values import Settings

# The keys of the dict QSTASH, and the name of each as a setting of its own.
NAMES = {
    **{
        name: f"QSTASH_{name}"
        for name in ("TOKEN", "URL", "CURRENT_SIGNING_KEY", "NEXT_SIGNING_KEY", "PUBLIC_URL", "REGION")
    },
    **{
        f"{region}_QSTASH_{name}": f"{region}_QSTASH_{name}"
        for region in REGIONS
        for name in ("TOKEN", "URL", "CURRENT_SIGNING_KEY", "NEXT_SIGNING_KEY")
    },
    "URL_MATCH": "QSTASH_URL_MATCH",
    "SETTINGS": "QSTASH_SETTINGS",
    **{name.upper(): flat for name, flat in CONFIGURED.items()},
    **{name: f"QSTASH_{name}" for name in ("ON_COMMIT", "OUTBOX", "OUTBOX_KEEP", "OUTBOX_SCHEDULE")},
    "TASKS": "QSTASH_TASKS",
    "AROUND": "QSTASH_AROUND",
    "TASKS_URL": "QSTASH_TASKS_URL",
    "OTEL": "QSTASH_OTEL",
    "TASKS_INBOX": "QSTASH_TASKS_INBOX",
    "ONCE": "QSTASH_ONCE",
    "APP": "QSTASH_APP",
    "ENVIRONMENT": "QSTASH_ENVIRONMENT",
    "SCHEDULES": "QSTASH_SCHEDULES",
    "PROBE_PATH": "QSTASH_PROBE_PATH",
}
_FLAT = tuple(NAMES.values())
# Where None says something.
_USUAL = {"QSTASH_PROBE_PATH": "/probe"}
# As the client's own argument is called.
_ALIAS, _ALIASED = "BASE_URL", "URL"


class ConfigurationError(errors.ConfigurationError, ImproperlyConfigured):
    """A setting or an option is missing or wrong; Django knows it as ImproperlyConfigured."""


def load(*given: Given) -> Settings:
    """Read every setting; ConfigurationError names the one that is unknown or malformed."""
    with improperly_configured():
        current = Settings.load(_Config().with_object(), *given)
    current.mount = forced_mount()
    return current


def publishes_on_commit() -> bool:
    """QSTASH_ON_COMMIT: whether what is published within a transaction waits until it commits."""
    return _flag("QSTASH_ON_COMMIT")


def writes_to_outbox() -> bool:
    """QSTASH_OUTBOX: whether what waits for a commit is a row until then."""
    return _flag("QSTASH_OUTBOX")


def outbox_keep() -> timedelta | None:
    """QSTASH_OUTBOX_KEEP: how long the rows of what was sent stay; None deletes them at once."""
    with improperly_configured():
        given: Any = _Config().get("QSTASH_OUTBOX_KEEP")
        try:
            return None if given is None else parse_duration(given, "QSTASH_OUTBOX_KEEP")
        except (TypeError, ValueError) as error:
            raise errors.ConfigurationError(str(error)) from None


def outbox_schedule() -> str | None:
    """QSTASH_OUTBOX_SCHEDULE: when QStash has the outbox swept, as cron has it; None where it is False."""
    with improperly_configured():
        given = _Config().get("QSTASH_OUTBOX_SCHEDULE")
        if given is None or given is True:
            from ..outbox.sweeps import EVERY  # which every project would import otherwise

            return EVERY
        if given is False:
            return None
        if not isinstance(given, str):
            raise errors.ConfigurationError(f"QSTASH_OUTBOX_SCHEDULE must be a cron expression or False, not {given!r}")
        return given


def manner() -> Manner:
    """QSTASH_TIMEOUT, QSTASH_RETRY, QSTASH_HTTP_CLIENT, QSTASH_HEADERS, QSTASH_ALLOW_HTTP: how the publishers send."""
    with improperly_configured():
        made = manner_of({}, _Config())
        if isinstance(made, Exception):
            raise errors.ConfigurationError(str(made))
    return made


def tasks_given() -> TasksGiven:
    """QSTASH_TASKS and QSTASH_AROUND: the tasks that are served where the urls of this package are included."""
    with improperly_configured():
        config = _Config()
        return TasksGiven(config.get("QSTASH_TASKS"), None, _imported("QSTASH_AROUND", config.get("QSTASH_AROUND")))


def tasks_inbox() -> str | None:
    """QSTASH_TASKS_INBOX: the alias of the database in whose transaction each task runs, with the mark of its call."""
    with improperly_configured():
        alias = _Config().get("QSTASH_TASKS_INBOX")
        if alias is not None and (not isinstance(alias, str) or not alias):
            raise errors.ConfigurationError(f"QSTASH_TASKS_INBOX must be the alias of a database, not {alias!r}")
    return alias


def for_all_views() -> Wanted:
    """QSTASH_ONCE: the store with which every verified view runs once per message, where it has no other."""
    with improperly_configured():
        store = _imported("QSTASH_ONCE", _Config().get("QSTASH_ONCE"))
        try:
            return Wanted.taken_from({"once": store})
        except errors.ConfigurationError as error:
            raise errors.ConfigurationError(f"QSTASH_ONCE: {error}") from None


def probe_path() -> str | None:
    """QSTASH_PROBE_PATH: where the doctor's probe is, below where the urls of this package are included."""
    with improperly_configured():
        return probe_path_of(_Config().get("QSTASH_PROBE_PATH"), "QSTASH_PROBE_PATH")


def configured() -> Mapping[str, object]:
    """All of them, by flat name."""
    with improperly_configured():
        return _Config()


def forced_mount() -> str:
    """FORCE_SCRIPT_NAME: the path below which Django is told to be, whatever the server says."""
    return mount_of(settings.FORCE_SCRIPT_NAME)


def allowed_hosts() -> object:
    """Stands in for a public URL where none is set."""
    return settings.ALLOWED_HOSTS


@contextmanager
def improperly_configured() -> Generator[None]:
    """Turn our ConfigurationError into the one that is ImproperlyConfigured as well."""
    try:
        yield
    except errors.ConfigurationError as error:
        # No cause: its frames are the core's, and Django's debug page prints the locals of every frame.
        raise ConfigurationError(str(error)) from None


def _flag(name: str) -> bool:
    with improperly_configured():
        wanted = _Config().get(name)
        if not isinstance(wanted, bool | None):
            raise errors.ConfigurationError(f"{name} must be True or False, not {wanted!r}")
    return wanted is True


def _imported(name: str, value: Any) -> Any:
    """What a dotted path names; anything else is the value itself."""
    if not isinstance(value, str):
        return value
    try:
        return import_string(value)
    except ImportError as error:
        raise errors.ConfigurationError(f"{name} is {value!r}, which cannot be imported: {error}") from error


class _Config(Mapping[str, object]):
    """What ``settings.py`` says, by flat name. Its repr shows no value: debug pages print the locals of frames."""

    def __init__(self) -> None:
        # The core's error, which ``load`` turns into ours: the locals of this frame are secrets.
        table: object = getattr(settings, "QSTASH", None)
        if table is not None and not isinstance(table, Mapping):
            raise errors.ConfigurationError(f"QSTASH must be a dict, not {type(table).__name__}")
        given = cast("Mapping[str, object]", table or {})
        for name in given:
            if name not in NAMES and name != _ALIAS:
                known = (*NAMES, _ALIAS)
                raise errors.ConfigurationError(f"the dict QSTASH has no setting {name!r}; {hint(name, known)}")
        if _ALIAS in given and _ALIASED in given:
            raise errors.ConfigurationError(f"the dict QSTASH has both {_ALIASED} and {_ALIAS}, which are the same")
        self._given = {NAMES[_ALIASED if name == _ALIAS else name]: value for name, value in given.items()}

    def with_object(self) -> Self:
        """With what the settings object says, where nothing else in ``settings.py`` does."""
        source = self["QSTASH_SETTINGS"]
        if source is not None:
            for flat, found in values_of(source).items():
                if self.get(flat) is None:
                    self._given[flat] = found.value
        return self

    def __getitem__(self, name: str) -> object:
        # One by one: Django's settings take their time to say that there is none.
        if name in self._given:
            return self._given[name]
        if name not in _FLAT:
            raise KeyError(name)
        return getattr(settings, name, _USUAL.get(name))

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*_FLAT, *self._given)))

    def __len__(self) -> int:
        return len({*_FLAT, *self._given})

    def __repr__(self) -> str:
        return "<QSTASH settings ***>"


def _forget(*, setting: str, **_: object) -> None:
    if "QSTASH" in setting or setting in ("ALLOWED_HOSTS", "FORCE_SCRIPT_NAME", "TASKS"):
        settings_changed()
    if setting in ("QSTASH", "QSTASH_PROBE_PATH", "QSTASH_TASKS", "QSTASH_TASKS_INBOX", "TASKS"):
        clear_url_caches()  # each task is a route


_connect: Callable[..., None] = setting_changed.connect
_connect(_forget, dispatch_uid="qstash_integrations")
