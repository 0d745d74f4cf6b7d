"""The URL by which QStash sweeps the outbox; ``qstash_integrations.django.urls`` includes it.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

from django.urls import URLPattern, path

from .places import VIEW
from .views import sweep

urlpatterns: list[URLPattern] = [path("sweep", sweep, name=VIEW)]
