"""The views of ours that a project serves: ``path("qstash/", include("qstash_integrations.django.urls"))``.

Each part comes with its app in INSTALLED_APPS.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/#including-other-urlconfs
"""

from django.apps import apps
from django.urls import URLPattern, URLResolver, include, path

app_name = "qstash"
urlpatterns: list[URLPattern | URLResolver] = []

if apps.is_installed("qstash_integrations.django.tasks"):
    urlpatterns.append(path("django/", include("qstash_integrations.django.tasks.urls")))
