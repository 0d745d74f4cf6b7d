"""The outbox in the admin: to look at what waits, and to have sent again what was parked. Nothing is edited there.

Neither bodies nor the values of headers are shown: they may be anybody's secrets.

Spec: https://docs.djangoproject.com/en/stable/ref/contrib/admin/
"""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db import router
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from ...outbox.row import headers_stored
from .models import StoredMessage
from .store import DjangoStore

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[StoredMessage]
else:
    _ModelAdmin = admin.ModelAdmin

_CHANGE = "qstash_outbox.change_storedmessage"
_STATES = {
    "waiting": Q(due_at__isnull=False),
    "parked": Q(due_at__isnull=True, sent_at__isnull=True),
    "sent": Q(sent_at__isnull=False),
}


class _State(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(state, state) for state in _STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = _STATES.get(self.value() or "")
        return queryset if wanted is None else queryset.filter(wanted)


@admin.register(StoredMessage)
class _StoredMessageAdmin(_ModelAdmin):
    """Whoever may view messages sees where they go and why they were not sent; whoever may change them, the action."""

    list_display = ("id", "state", "destination", "queue", "created", "due", "tries", "error")
    list_filter = (_State, "queue")
    search_fields = ("=id", "=message_id", "destination")
    show_full_result_count = False
    actions = ("requeue",)
    fields = (*list_display, "sent", "message_id", "header_names", "body_size")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StoredMessage | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StoredMessage | None = None) -> bool:
        # What waits was promised; `qstash outbox prune` deletes what was sent.
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """For the action, although nothing is changed by hand."""
        user: Any = request.user
        return bool(user.has_perm(_CHANGE))

    @admin.action(description="Send the selected parked messages again", permissions=["operate"])
    def requeue(self, request: HttpRequest, queryset: QuerySet[StoredMessage]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        count = DjangoStore(router.db_for_write(StoredMessage)).requeue(ids, time.time_ns() // 1_000_000)
        if count:
            self.message_user(
                request, f"{count} {'message' if count == 1 else 'messages'} due again.", messages.SUCCESS
            )
        if count < len(ids):
            self.message_user(request, f"{len(ids) - count} left as they were: not parked.", messages.WARNING)

    @admin.display(ordering="created_at")
    def created(self, stored: StoredMessage) -> datetime | None:
        return _instant(stored.created_at)

    @admin.display(ordering="due_at")
    def due(self, stored: StoredMessage) -> datetime | None:
        return _instant(stored.due_at)

    @admin.display(ordering="sent_at")
    def sent(self, stored: StoredMessage) -> datetime | None:
        return _instant(stored.sent_at)

    @admin.display
    def state(self, stored: StoredMessage) -> str:
        return stored.state

    @admin.display(description="headers")
    def header_names(self, stored: StoredMessage) -> str:
        return ", ".join(name for name, _ in headers_stored(stored.headers) or ())

    @admin.display(description="bytes of the body")
    def body_size(self, stored: StoredMessage) -> int:
        return len(stored.body or b"")


def _instant(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
