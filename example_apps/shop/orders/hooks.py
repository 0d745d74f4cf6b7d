"""Where QStash tells what became of a question to the warehouse.

The mark of the inbox, the order and the message about its mail are one transaction: each callback counts once.
"""

import json

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from qstash_integrations import Callback, current_delivery
from qstash_integrations.django import verify_qstash

from . import tasks
from .models import Order


@verify_qstash(inbox="default")
@require_POST
def packed(request: HttpRequest) -> HttpResponse:
    """Of every attempt; the ones that failed are tried again, or end in ``not_packed``."""
    callback = Callback.from_delivery(current_delivery())
    if callback.status == 200:
        order = _order_of(callback)
        if order.state != Order.State.PACKED:
            order.state, order.tracking, order.problem = Order.State.PACKED, json.loads(callback.body)["tracking"], ""
            order.save(update_fields=["state", "tracking", "problem"])
            tasks.send_tracking.enqueue(order.pk)
    return HttpResponse(status=204)


@verify_qstash(inbox="default")
@require_POST
def not_packed(request: HttpRequest) -> HttpResponse:
    callback = Callback.from_delivery(current_delivery())
    order = _order_of(callback)
    if order.state != Order.State.PACKED:
        order.state, order.problem = Order.State.STUCK, callback.body.decode(errors="replace")[:200]
        order.save(update_fields=["state", "problem"])
    return HttpResponse(status=204)


def _order_of(callback: Callback) -> Order:
    return Order.objects.select_for_update().get(pk=json.loads(callback.source_body)["order"])
