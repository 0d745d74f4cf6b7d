from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from qstash_integrations import NonRetryable, current_delivery
from qstash_integrations.django import verify_qstash

from .models import Parcel, Shelf


@verify_qstash
@require_POST
def pack(request: HttpRequest) -> JsonResponse:
    """The answer to one order is always the same: whoever lost it gets it by asking again."""
    wanted = current_delivery().json()
    with transaction.atomic():
        parcel, is_new = Parcel.objects.get_or_create(order=wanted["order"])
        if is_new:
            _take(wanted["product"], wanted["quantity"])
    return JsonResponse({"tracking": parcel.tracking})


def _take(product: str, quantity: int) -> None:
    shelf = Shelf.objects.select_for_update().filter(product=product).first()
    if shelf is None or shelf.stock < quantity:
        # To ask again would not fill the shelf.
        raise NonRetryable(f"{shelf.stock if shelf else 0} of {product} on the shelf, {quantity} wanted")
    shelf.stock -= quantity
    shelf.save()
