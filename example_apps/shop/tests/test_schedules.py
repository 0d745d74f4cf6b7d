"""What happens by the clock, once the schedules are told to QStash as a deploy does it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from orders.models import Order
from qstash_integrations.testing import LocalQStash
from warehouse.models import Parcel


@pytest.fixture
def deployed(qstash_local: LocalQStash) -> LocalQStash:
    call_command("qstash", "schedules", "sync")
    return qstash_local


def test_every_morning_there_is_a_report(place: Callable[..., Order], deployed: LocalQStash) -> None:
    place("teapot", 2)
    place("leaves")
    deployed.advance(days=1)
    (report,) = [message for message in mail.outbox if message.to == ["office@example.com"]]
    assert report.body == "2 orders since yesterday, for 110.90 euros. 1 are stuck.\n"


def test_what_the_warehouse_has_not_answered_is_asked_again(place: Callable[..., Order], deployed: LocalQStash) -> None:
    order = place()
    deployed.deliver_due()
    Parcel.objects.all().delete()
    Order.objects.update(state=Order.State.PLACED, tracking="", asked_at=timezone.now() - timedelta(hours=2))
    deployed.advance(minutes=20)
    order.refresh_from_db()
    assert (order.state, Parcel.objects.count()) == ("packed", 1)
