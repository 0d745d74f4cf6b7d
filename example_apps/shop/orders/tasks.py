"""What happens behind the customer's back. QStash calls these; one that fails is called again."""

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from qstash_integrations.django import qstash

from .models import Order
from .packing import ask_to_pack

try:
    from django.tasks import task
except ModuleNotFoundError:  # Django 5.2
    from django_tasks import task

PATIENCE = timedelta(hours=1)


@task
def confirm(order_id: int) -> None:
    order = Order.objects.select_related("product").get(pk=order_id)
    url = qstash.url_for("order", reference=order.reference)
    text = render_to_string("orders/confirmation.txt", {"order": order, "url": url})
    send_mail(f"Your order {order.pk}", text, None, [order.email])
    Order.objects.filter(pk=order_id).update(confirmed_at=timezone.now())


@task
def send_tracking(order_id: int) -> None:
    order = Order.objects.select_related("product").get(pk=order_id)
    send_mail(f"Order {order.pk} is on its way", f"Your parcel is {order.tracking}.\n", None, [order.email])


@task
def report() -> dict[str, str]:
    """What it returns is kept with the task, for whoever looks at it in the admin."""
    orders = Order.objects.filter(placed_at__gte=timezone.now() - timedelta(days=1)).select_related("product")
    stuck = Order.objects.filter(state=Order.State.STUCK).count()
    revenue = sum((order.total for order in orders), Decimal(0))
    text = f"{len(orders)} orders since yesterday, for {revenue} euros. {stuck} are stuck.\n"
    send_mail("The day's orders", text, None, [settings.REPORT_TO])
    return {"orders": str(len(orders)), "revenue": str(revenue), "stuck": str(stuck)}


@task
def ask_again() -> int:
    """Ask for what the warehouse has not answered in an hour; it packs an order once, however often it is asked."""
    with transaction.atomic():
        asked = Order.objects.select_for_update().filter(asked_at__lt=timezone.now() - PATIENCE)
        orders = list(asked.filter(state=Order.State.PLACED).select_related("product"))
        for order in orders:
            ask_to_pack(order)
    return len(orders)
