from django.urls import path

from . import views

urlpatterns = [path("pack", views.pack, name="pack")]
