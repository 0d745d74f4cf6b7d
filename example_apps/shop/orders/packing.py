"""What the warehouse is asked, and what it answers."""

from django.conf import settings
from django.utils import timezone

from qstash_integrations.django import qstash

from .models import Order


def ask_to_pack(order: Order) -> None:
    """Part of the caller's transaction: what is rolled back was never asked."""
    qstash.outbox.publish_json(
        url=settings.WAREHOUSE_URL or qstash.url_for("pack"),
        body={"order": order.pk, "product": order.product.slug, "quantity": order.quantity},
        callback=qstash.url_for("packed"),
        failure_callback=qstash.url_for("not-packed"),
        label="warehouse",
        retries=5,
    )
    order.state, order.problem, order.asked_at = Order.State.PLACED, "", timezone.now()
    order.save(update_fields=["state", "problem", "asked_at"])
