"""The views of ours that a project serves: ``path("qstash/", include("qstash_integrations.django.urls"))``.

Below ``tasks/`` those of ``QSTASH = {"TASKS": ...}``; below ``django/`` those of the backend for ``django.tasks``, with
its app in INSTALLED_APPS or a backend that keeps no rows; below ``outbox/`` that of the outbox, with its app; at
``probe`` that of the doctor.

Nothing is looked for before Django asks: modules with tasks may import what imports this.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/#including-other-urlconfs
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, overload

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path
from django.utils.module_loading import import_string

from .._core.settings import environment
from . import probe
from .conf import probe_path, tasks_given
from .outbox.places import APP as OUTBOX

_BACKEND = "qstash_integrations.django.tasks"

app_name = "qstash"


class _Patterns(Sequence[URLPattern | URLResolver]):
    """Made anew when the settings have changed, as in tests."""

    @overload
    def __getitem__(self, index: int) -> URLPattern | URLResolver: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[URLPattern | URLResolver]: ...
    def __getitem__(self, index: int | slice) -> URLPattern | URLResolver | Sequence[URLPattern | URLResolver]:
        return _patterns(environment.generation)[index]

    def __len__(self) -> int:
        return len(_patterns(environment.generation))


@lru_cache(maxsize=1)
def _patterns(_: int) -> tuple[URLPattern | URLResolver, ...]:
    found: list[URLPattern | URLResolver] = []
    if tasks_given().are_given():
        from .mounted import patterns

        found += patterns()
    path_of_probe = probe_path()
    if path_of_probe is not None:
        found += probe.patterns(path_of_probe)
    backends = [str(params.get("BACKEND")) for params in getattr(settings, "TASKS", {}).values()]
    if apps.is_installed(_BACKEND) or any(map(_is_ours, backends)):
        found.append(path("django/", include(f"{_BACKEND}.urls")))
    if apps.is_installed(OUTBOX):
        found.append(path("outbox/", include(f"{OUTBOX}.urls")))
    return tuple(found)


def _is_ours(backend: str) -> bool:
    """Whether it is the backend of this package, or made of it."""
    try:
        kind: Any = import_string(backend)
    except ImportError:
        return False  # Django says so where it uses it
    return any(made.__module__.startswith(_BACKEND) for made in getattr(kind, "__mro__", ()))


urlpatterns: Sequence[URLPattern | URLResolver] = _Patterns()
