"""The schedules of a project: those of the modules ``tasks`` and ``schedules`` of its apps, of QSTASH_TASKS and
QSTASH_SCHEDULES, and that by which QStash sweeps the outbox.

Spec: https://docs.djangoproject.com/en/stable/ref/applications/
"""

from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from ..schedules.commands import Here
from ..schedules.finding import schedules_beside, schedules_in
from ..tasks.schedules import Schedule
from .conf import configured, tasks_given
from .outbox.places import APP as OUTBOX
from .publisher import qstash

_MODULES = ("tasks", "schedules")
_OURS = "qstash_integrations"


def here() -> Here:
    config = configured()
    found = [
        *schedules_in(list(_modules())),
        *schedules_beside(tasks_given().tasks),
        *schedules_in(config.get("QSTASH_SCHEDULES"), "QSTASH_SCHEDULES"),
        *_of_outbox(),
    ]
    return Here(schedules=list(dict.fromkeys(found)), client=qstash, config=config)


def _of_outbox() -> list[Schedule]:
    if not apps.is_installed(OUTBOX):
        return []
    from .outbox.schedule import schedules

    return schedules()


def _modules() -> Iterator[ModuleType]:
    for app in apps.get_app_configs():
        for name in _MODULES:
            if (
                app.module is not None
                and app.name.partition(".")[0] != _OURS
                and module_has_submodule(app.module, name)
            ):
                yield import_module(f"{app.name}.{name}")
