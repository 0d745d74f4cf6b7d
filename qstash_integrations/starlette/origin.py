"""Where calls are published from while an app runs: by its publisher, to where the app serves the task.

An app that is mounted in another one publishes to what either of them serves, and to its own first.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from starlette.applications import Starlette

from .._core.receiving.guards import values_of_app
from .._core.settings.values import Settings
from .current import publishers_here

if TYPE_CHECKING:
    from ..tasks.origin import Origin

# By app. None is kept alive.
_SERVED: WeakKeyDictionary[Starlette, Mapping[str, Any]] = WeakKeyDictionary()


def note_served(app: Starlette, tasks: Mapping[str, Any]) -> None:
    """``app`` has a route for each of these tasks, called ``route_name`` of the name."""
    _SERVED[app] = tasks


def check_callbacks(app: Starlette, settings: Settings) -> None:
    """ConfigurationError for a callback to a task whose place nothing tells: each publish would fail."""
    served = None if settings.tasks_url else _SERVED.get(app)
    if served is not None:
        from ..tasks.origin import ELSEWHERE
        from ..tasks.serving import refuse_unserved_callbacks

        refuse_unserved_callbacks(served, ELSEWHERE)


def route_name(task: str) -> str:
    return f"qstash_tasks:{task}"


def running() -> "Origin | None":
    """Of the app that is running; None where none is."""
    publishers = publishers_here()
    if not publishers:
        return None
    from ..tasks.origin import Origin  # whoever asks has it by now; it brings pydantic

    innermost = publishers[0]
    return Origin(partial(task_url, publishers), lambda: innermost.sync, lambda: innermost)


def task_url(publishers: tuple[Any, ...], name: str) -> str:
    """Where the apps of these publishers serve a task; the first counts that does."""
    serving = [publisher for publisher in publishers if publisher.app in _SERVED]
    for publisher in serving:
        if name in _SERVED[publisher.app]:
            url: str = publisher.url_for(route_name(name))
            return url
    from ..tasks.origin import NOT_HERE, url_elsewhere

    values = values_of_app(publishers[0].app)
    return url_elsewhere(values.load() if values else Settings.load(), name, NOT_HERE if serving else "")
