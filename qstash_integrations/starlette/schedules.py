"""The schedules of a Starlette or FastAPI app, and of the apps mounted in it.

Spec: https://www.starlette.io/routing/#submounting-routes
"""

from functools import partial

from starlette.applications import Starlette

from .._core.errors import ConfigurationError
from ..schedules.commands import Here
from ..schedules.finding import schedules_beside, schedules_in
from .mounts import apps_below, note_outer
from .origin import task_url
from .publisher import Publisher


def here(app: Starlette) -> Here:
    """ConfigurationError where neither the app nor one in it has a publisher."""
    inner = [one for one in apps_below(app) if isinstance(one, Starlette)]
    for one in inner:
        note_outer(one, app.router)  # else only known when the app has started
    publishers: list[Publisher] = [one.state.qstash for one in (app, *inner) if hasattr(one.state, "qstash")]
    if not publishers:
        raise ConfigurationError("the app has no publisher: QStash(app) was not called")
    given = [publisher.tasks_given for publisher in publishers]
    found = [schedule for one in given for schedule in (*schedules_beside(one.tasks), *schedules_in(one.schedules))]
    return Here(
        schedules=list(dict.fromkeys(found)),
        client=publishers[0].sync,
        task_url=partial(task_url, tuple(publishers)),
    )
