"""The views of ours that a project serves: ``path("qstash/", include("qstash_integrations.django.urls"))``.

Each part comes with its app in INSTALLED_APPS, that of django.tasks also with a backend that keeps no rows.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/#including-other-urlconfs
"""

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

app_name = "qstash"
urlpatterns: list[URLPattern | URLResolver] = []

_TASKS = "qstash_integrations.django.tasks"
_backends = [str(params.get("BACKEND")) for params in getattr(settings, "TASKS", {}).values()]

if apps.is_installed(_TASKS) or any(backend.startswith(_TASKS) for backend in _backends):
    urlpatterns.append(path("django/", include(f"{_TASKS}.urls")))
