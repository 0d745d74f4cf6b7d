import json

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from qstash_integrations import NonRetryable, RetryAfter, current_delivery
from qstash_integrations.django import qstash, verify_qstash

from . import tasks

shipped: list[int] = []


@require_POST
def order(request: HttpRequest) -> JsonResponse:
    published = qstash.publish_json(url=qstash.url_for("ship"), body=json.loads(request.body))
    return JsonResponse({"message_id": published.message_id}, status=202)


@verify_qstash
@require_POST
def ship(request: HttpRequest) -> JsonResponse:
    delivery = current_delivery()
    order = delivery.json()
    if order["id"] <= 0:
        raise NonRetryable("no such order")
    if order.get("fails", 0) > (delivery.retried or 0):
        raise RetryAfter(1)
    shipped.append(order["id"])
    return JsonResponse({"shipped": order["id"]})


def invoices(request: HttpRequest) -> JsonResponse:
    if request.method != "POST":
        return JsonResponse(tasks.invoices, safe=False)
    published = tasks.invoice.using(callback=tasks.note).publish(order_id=json.loads(request.body)["id"])
    return JsonResponse({"message_id": published.message_id}, status=202)


def list_shipped(request: HttpRequest) -> JsonResponse:
    return JsonResponse(shipped, safe=False)
