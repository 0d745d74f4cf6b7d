from django.urls import path

from . import hooks, views

urlpatterns = [
    path("", views.products, name="products"),
    path("products/<slug:slug>", views.product, name="product"),
    path("orders/<uuid:reference>", views.order, name="order"),
    path("hooks/packed", hooks.packed, name="packed"),
    path("hooks/not-packed", hooks.not_packed, name="not-packed"),
]
