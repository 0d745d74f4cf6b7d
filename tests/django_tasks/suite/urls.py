"""The URLs of the project that Django's suite runs in."""

from django.urls import include, path

urlpatterns = [path("qstash/", include("qstash_integrations.django.urls"))]
