"""``QStash(app, ...)``: the settings as arguments, how its publisher sends, the options of its verified endpoints, and
which tasks it serves.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypedDict, cast

from .errors import ConfigurationError
from .names import is_route
from .publishing.manner import ClientOptions, Manner, manner_of
from .receiving.guard import GuardOptions
from .receiving.options import Wanted
from .receiving.probe import PROBE_PATH, probe_path_of
from .settings.given import Values

TASKS_PATH = "/qstash/tasks"
_USUAL = object()  # None says that there is to be none


class TaskOptions(TypedDict, total=False):
    """The tasks that an app serves. None counts as not given."""

    tasks: object
    """A module with tasks, its dotted name, a task, or an iterable of those."""
    tasks_path: str | None
    """Below what they are served, each under its own name; "/qstash/tasks" by default."""
    around: Callable[..., Any] | None
    """Called with each call, before its task runs; returns a context manager, which the task runs in."""
    schedules: object
    """Modules with schedules beside those in ``tasks``, their dotted names, schedules, or an iterable of those."""


class ProbeOptions(TypedDict, total=False):
    """Where the doctor's probe is."""

    probe_path: str | None
    """A verified route that does nothing, for ``qstash-integrations doctor``; "/qstash/probe" by default, None for
    none. What is posted to it and below it reaches nothing else."""


class TasksGiven(NamedTuple):
    """``TaskOptions`` as they were given."""

    tasks: object = None
    path: str | None = None
    around: Callable[..., Any] | None = None
    schedules: object = None

    def are_given(self) -> bool:
        """Whether there are any. ConfigurationError where there is only what goes with them."""
        if self.tasks is not None:
            return True
        for name, value in (("tasks_path", self.path), ("around", self.around)):
            if value is not None:
                raise ConfigurationError(f"{name} is about tasks, and the app was given none: give tasks= as well")
        return False

    def base(self) -> str:
        """The path below which they are served. ConfigurationError for what is no path below which there is nothing."""
        path: object = TASKS_PATH if self.path is None else self.path
        if not is_route(path):
            raise ConfigurationError(
                f"tasks_path must be a path of letters, digits, '_', '-', '.' and '~' below which there is nothing "
                f"else, such as {TASKS_PATH!r}, not {path!r}"
            )
        return path


class AppOptions(Values, ClientOptions, GuardOptions, TaskOptions, ProbeOptions, total=False):
    """The options of ``QStash(app, ...)``. What an endpoint says itself wins over them.

    They win over the framework's configuration, which wins over the environment.
    """


class ForApp:
    """The options of an app, checked and sorted. Prints nothing of them: they may be secrets."""

    __slots__ = ("_client", "_probe", "tasks", "wanted")

    def __init__(
        self,
        wanted: Wanted | None = None,
        client: Mapping[str, Any] | None = None,
        tasks: TasksGiven | None = None,
        probe: object = _USUAL,
    ) -> None:
        self.wanted: Wanted = wanted or Wanted()
        self.tasks: TasksGiven = tasks or TasksGiven()
        self._probe = probe
        self._client = client or {}

    @classmethod
    def taken_from(cls, options: Any) -> "ForApp":
        """Out of a function's own keywords, which hold no secret afterwards.

        Raises TypeError for an unknown option, TypeError or ConfigurationError that names it for a bad value.
        """
        client = {name: options.pop(name) for name in ClientOptions.__annotations__ if name in options}
        for_app = cls(client={name: value for name, value in client.items() if value is not None})
        del client  # error trackers print the locals of raising frames
        for_app._probe = options.pop("probe_path", _USUAL)
        for_app.probe_path()
        for_app.tasks = TasksGiven(*(options.pop(name, None) for name in TaskOptions.__annotations__))
        for_app.wanted = Wanted.taken_from(options, AppOptions.__annotations__)
        for_app.manner()
        return for_app

    def manner(self, configured: Mapping[str, Any] | None = None) -> Manner:
        """How its publisher sends: as it was told here, then as its framework's configuration says."""
        made = manner_of(cast("ClientOptions", self._client), configured)
        del configured
        if isinstance(made, Exception):
            raise made
        return made

    def but(self, other: "ForApp") -> "ForApp":
        """With those of the other one instead, where both say something."""
        said: dict[str, Any] = {name: value for name, value in other.tasks._asdict().items() if value is not None}
        tasks = self.tasks._replace(**said)
        probe = self._probe if other._probe is _USUAL else other._probe
        return ForApp(other.wanted.within(self.wanted), {**self._client, **other._client}, tasks, probe)

    def probe_path(self, configured: object = PROBE_PATH) -> str | None:
        """Where the doctor's probe is, as it was told here or else as its framework's configuration says."""
        return probe_path_of(configured if self._probe is _USUAL else self._probe)
