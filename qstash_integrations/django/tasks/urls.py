"""The two URLs of a task; ``qstash_integrations.django.urls`` includes them.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

from django.urls import URLPattern, path

from .places import FAILED_VIEW, VIEW
from .views import called, given_up

urlpatterns: list[URLPattern] = [
    path("<str:name>", called, name=VIEW),
    path("<str:name>/failed", given_up, name=FAILED_VIEW),
]
