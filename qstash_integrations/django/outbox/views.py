"""The view by which QStash sweeps the outbox.

Verified, and outside of ATOMIC_REQUESTS on every database: what is claimed has to be committed before it is sent.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connections, transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from ...outbox.sweeps import goes_on
from ..decorators import verify_qstash
from .sweep import go_on, sweep_all

View = TypeVar("View", bound=Callable[..., Any])


def _on_every_database(view: View) -> View:
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return view


@_on_every_database
@verify_qstash
@require_POST
def sweep(request: HttpRequest) -> JsonResponse:
    """Always 2xx: what could not be sent is due again, and the next call is the next try."""
    swept = sweep_all()
    if goes_on(swept):
        go_on()
    return JsonResponse({"sent": swept.sent, "parked": swept.parked, "refused": swept.refused, "over": swept.is_over})
