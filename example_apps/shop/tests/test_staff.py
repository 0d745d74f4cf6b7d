"""What staff look at: orders, tasks and the outbox."""

from collections.abc import Callable

from django.core import mail
from django.test import Client

from orders.models import Order
from qstash_integrations.testing import LocalQStash


def test_the_tasks_of_an_order_are_in_the_admin(
    admin_client: Client, place: Callable[..., Order], qstash_local: LocalQStash
) -> None:
    place()
    qstash_local.run_until_idle()
    page = admin_client.get("/admin/qstash_tasks/storedtask/").content.decode()
    assert "orders.tasks.confirm" in page
    assert "orders.tasks.send_tracking" in page


def test_the_messages_of_an_order_are_in_the_admin(admin_client: Client, place: Callable[..., Order]) -> None:
    place()
    assert "/warehouse/pack" in admin_client.get("/admin/qstash_outbox/storedmessage/").content.decode()


def test_a_confirmation_is_mailed_again(
    admin_client: Client, place: Callable[..., Order], qstash_local: LocalQStash
) -> None:
    order = place()
    qstash_local.run_until_idle()
    mail.outbox.clear()
    admin_client.post("/admin/orders/order/", {"action": "send_confirmation", "_selected_action": [order.pk]})
    qstash_local.run_until_idle()
    assert [message.subject for message in mail.outbox] == [f"Your order {order.pk}"]


def test_the_pages_of_the_admin_open(admin_client: Client, place: Callable[..., Order]) -> None:
    order = place()
    for page in ("", "orders/order/", f"orders/order/{order.pk}/change/", "orders/product/", "warehouse/shelf/"):
        assert admin_client.get(f"/admin/{page}").status_code == 200, page
