"""The views of ours that a project serves: ``path("qstash/", include("qstash_integrations.django.urls"))``.

Below ``tasks/`` those of ``QSTASH = {"TASKS": ...}``; below ``django/`` those of the backend for ``django.tasks``, with
its app in INSTALLED_APPS or a backend that keeps no rows. Nothing is looked for before Django asks: modules with tasks
may import what imports this.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/#including-other-urlconfs
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import overload

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from .._core.environment import generation
from .conf import tasks_given

_BACKEND = "qstash_integrations.django.tasks"

app_name = "qstash"


class _Patterns(Sequence[URLPattern | URLResolver]):
    """Made anew when the settings have changed, as in tests."""

    @overload
    def __getitem__(self, index: int) -> URLPattern | URLResolver: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[URLPattern | URLResolver]: ...
    def __getitem__(self, index: int | slice) -> URLPattern | URLResolver | Sequence[URLPattern | URLResolver]:
        return _patterns(generation())[index]

    def __len__(self) -> int:
        return len(_patterns(generation()))


@lru_cache(maxsize=1)
def _patterns(_: int) -> tuple[URLPattern | URLResolver, ...]:
    found: list[URLPattern | URLResolver] = []
    if tasks_given().are_given():
        from .mounted import patterns

        found += patterns()
    backends = [str(params.get("BACKEND")) for params in getattr(settings, "TASKS", {}).values()]
    if apps.is_installed(_BACKEND) or any(backend.startswith(_BACKEND) for backend in backends):
        found.append(path("django/", include(f"{_BACKEND}.urls")))
    return tuple(found)


urlpatterns: Sequence[URLPattern | URLResolver] = _Patterns()
