"""The URLs of the project with the admin."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("admin/", admin.site.urls), path("qstash/", include("qstash_integrations.django.urls"))]
