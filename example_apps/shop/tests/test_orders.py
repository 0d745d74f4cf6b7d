"""From the form to the parcel: real signatures, nothing mocked, and a clock that moves when it is told to."""

from collections.abc import Callable

import pytest
from django.core import mail
from django.test import Client

from orders.models import Order
from qstash_integrations.testing import LocalQStash, Outbox
from warehouse.models import Parcel, Shelf

Place = Callable[..., Order]


def test_an_order_asks_the_warehouse(place: Place, qstash_outbox: Outbox) -> None:
    order = place("cups", 2)
    qstash_outbox.assert_published(
        url="https://testserver/warehouse/pack",
        json={"order": order.pk, "product": "cups", "quantity": 2},
        callback="https://testserver/hooks/packed",
    )


def test_what_is_no_order_asks_nobody(client: Client, qstash_outbox: Outbox) -> None:
    answer = client.post("/products/teapot", {"email": "nobody", "quantity": 0})
    assert b"Enter a valid email address." in answer.content
    assert (Order.objects.count(), qstash_outbox.messages) == (0, [])


def test_an_order_is_confirmed_and_packed(client: Client, place: Place, qstash_local: LocalQStash) -> None:
    order = place(quantity=2)
    qstash_local.run_until_idle()
    order.refresh_from_db()
    assert (order.state, Shelf.objects.get(product="teapot").stock) == ("packed", 98)
    confirmation, parcel = mail.outbox
    assert f"https://testserver{order.get_absolute_url()}" in confirmation.body
    assert order.tracking in parcel.body
    page = client.get(order.get_absolute_url()).content.decode()
    assert order.tracking in page
    assert "data-waits" not in page


def test_the_page_of_an_order_waits_for_what_is_on_its_way(client: Client, place: Place) -> None:
    page = client.get(place().get_absolute_url()).content.decode()
    assert "Confirmation</b> on its way" in page
    assert "data-waits" in page


def test_an_outage_delays_an_order_and_loses_none(place: Place, qstash_local: LocalQStash) -> None:
    qstash_local.fail_next(times=4)
    order = place()
    qstash_local.run_until_idle()
    order.refresh_from_db()
    assert (order.state, len(mail.outbox)) == ("packed", 2)


def test_whatever_comes_twice_makes_one_parcel_and_each_mail_once(place: Place, qstash_local: LocalQStash) -> None:
    qstash_local.deliver_twice(times=4)
    order = place()
    qstash_local.run_until_idle()
    assert (Parcel.objects.count(), Shelf.objects.get(product="teapot").stock) == (1, 99)
    assert [message.subject for message in mail.outbox] == [f"Your order {order.pk}", f"Order {order.pk} is on its way"]


def test_what_is_sold_out_is_stuck_until_somebody_sends_it_again(
    admin_client: Client, place: Place, qstash_local: LocalQStash
) -> None:
    order = place("leaves")
    qstash_local.run_until_idle()
    order.refresh_from_db()
    assert (order.state, "0 of leaves on the shelf" in order.problem) == ("stuck", True)

    Shelf.objects.filter(product="leaves").update(stock=5)
    admin_client.post("/admin/orders/order/", {"action": "send_to_warehouse", "_selected_action": [order.pk]})
    qstash_local.run_until_idle()
    order.refresh_from_db()
    assert (order.state, order.problem, bool(order.tracking)) == ("packed", "", True)


@pytest.mark.parametrize("path", ["/hooks/packed", "/hooks/not-packed", "/warehouse/pack"])
def test_only_qstash_gets_in(client: Client, path: str, qstash_sign: Callable[..., dict[str, str]]) -> None:
    expired = qstash_sign(url=f"https://testserver{path}", body="{}", exp=0)
    for headers in (expired, {}):
        assert client.post(path, "{}", content_type="application/json", headers=headers).status_code == 401
