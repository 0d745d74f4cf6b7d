from django.urls import path

from . import views

urlpatterns = [
    path("orders", views.order),
    path("hooks/ship", views.ship, name="ship"),
    path("shipped", views.list_shipped),
]
