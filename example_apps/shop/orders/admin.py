"""Orders, with what to do about those that are stuck. The outbox and the tasks are in the admin by themselves."""

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from . import tasks
from .models import Order, Product
from .packing import ask_to_pack

admin.site.site_header = admin.site.site_title = "Teapot & Daughters"


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    list_display = ("name", "price")
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    list_display = ("id", "product", "quantity", "email", "state", "problem", "placed_at")
    list_filter = ("state", "placed_at")
    search_fields = ("=id", "email", "tracking")
    readonly_fields = ("reference", "state", "tracking", "problem", "placed_at", "confirmed_at", "asked_at")
    actions = ("send_to_warehouse", "send_confirmation")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # an order comes with its messages, from the form

    @admin.action(description="Send the selected orders to the warehouse again", permissions=["change"])
    def send_to_warehouse(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        with transaction.atomic():
            orders = list(queryset.select_for_update().exclude(state=Order.State.PACKED).select_related("product"))
            for order in orders:
                ask_to_pack(order)
        self.message_user(request, f"Sent to the warehouse: {len(orders)}.", messages.SUCCESS)

    @admin.action(description="Mail the confirmation of the selected orders again", permissions=["change"])
    def send_confirmation(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        with transaction.atomic():
            for order in queryset:
                tasks.confirm.enqueue(order.pk)
        self.message_user(request, f"Confirmations on their way: {len(queryset)}.", messages.SUCCESS)
