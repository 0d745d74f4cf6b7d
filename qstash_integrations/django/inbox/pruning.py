"""What is in the table, and what of it may go.

Spec: https://docs.djangoproject.com/en/stable/ref/models/querysets/#delete
"""

import time
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Max, Min

from ...inbox import KEPT, MARKS_AT_ONCE, forgotten_before
from .models import Mark


def prune(using: str, kept: timedelta = KEPT, now: Callable[[], float] = time.time) -> int:
    """Delete the marks that are older than ``kept``, a few hundred per transaction; how many they were."""
    old = Mark.objects.using(using).filter(at__lt=_before(using, kept, now())).order_by()
    deleted = 0
    while tokens := list(old.values_list("pk", flat=True)[:MARKS_AT_ONCE]):
        with transaction.atomic(using=using):
            # A failed attempt that comes again in this moment has another time.
            deleted += old.filter(pk__in=tokens).delete()[0]
    return deleted


def stats(using: str, kept: timedelta = KEPT, now: Callable[[], float] = time.time) -> dict[str, int | None]:
    """How many marks there are, from when in Unix milliseconds, and how many ``prune`` would delete."""
    marks = Mark.objects.using(using)
    found: dict[str, int | None] = marks.aggregate(
        marks=Count("pk"), oldest_at=Min("at", default=None), newest_at=Max("at", default=None)
    )
    return {**found, "prunable": marks.filter(at__lt=_before(using, kept, now())).count()}


def _before(using: str, kept: timedelta, now: float) -> int:
    newest_at: int | None = Mark.objects.using(using).aggregate(newest_at=Max("at"))["newest_at"]
    return forgotten_before(now, newest_at, kept)
