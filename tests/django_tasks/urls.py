"""The URLs of the project whose tasks run."""

from django.urls import include, path

urlpatterns = [path("qstash/", include("qstash_integrations.django.urls"))]
