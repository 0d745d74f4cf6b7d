import json

from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from qstash_integrations import current_delivery
from qstash_integrations.django import qstash, verify_qstash

from .models import Order


@require_POST
def order(request: HttpRequest) -> JsonResponse:
    number = json.loads(request.body)["number"]
    try:
        with transaction.atomic():
            qstash.outbox.publish_json(url=qstash.url_for("ship"), body={"number": number})
            # A number that is taken takes the message back.
            Order.objects.create(number=number)
    except IntegrityError:
        return JsonResponse({"error": "there is such an order"}, status=409)
    return JsonResponse({"number": number}, status=202)


@verify_qstash(inbox="default")
@require_POST
def ship(request: HttpRequest) -> JsonResponse:
    # However often QStash comes with it, one parcel leaves.
    Order.objects.filter(number=current_delivery().json()["number"]).update(parcels=F("parcels") + 1)
    return JsonResponse({})


def parcels(request: HttpRequest) -> JsonResponse:
    return JsonResponse(dict(Order.objects.values_list("number", "parcels")))
