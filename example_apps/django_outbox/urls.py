from django.urls import include, path

from . import views

urlpatterns = [
    path("orders", views.order),
    path("hooks/ship", views.ship, name="ship"),
    path("qstash/", include("qstash_integrations.django.urls")),
    path("parcels", views.parcels),
]
