from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("orders.urls")),
    path("warehouse/", include("warehouse.urls")),
    path("admin/", admin.site.urls),
    path("qstash/", include("qstash_integrations.django.urls")),
]
