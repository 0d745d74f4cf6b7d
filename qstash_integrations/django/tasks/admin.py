"""The tasks in the admin: to look at, to run again and to cancel; nothing is edited there.

Spec: https://docs.djangoproject.com/en/stable/ref/contrib/admin/
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html

from ..._core.errors import QStashError
from .models import StoredTask
from .operations import Refusal, cancel, retry

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[StoredTask]
else:
    _ModelAdmin = admin.ModelAdmin

_CHANGE = "qstash_tasks.change_storedtask"
_JSON = ("args", "kwargs", "options", "return_value", "worker_ids", "given_up")


@admin.register(StoredTask)
class _StoredTaskAdmin(_ModelAdmin):
    """Whoever may view tasks sees them with their arguments; whoever may change them has the actions."""

    list_display = ("id", "task", "status", "queue_name", "enqueued_at", "run_after", "finished_at", "runs")
    list_filter = ("status", "queue_name", "backend", "task", "enqueued_at", "finished_at")
    search_fields = ("=id", "=message_id", "task")
    date_hierarchy = "enqueued_at"
    show_full_result_count = False
    actions = ("retry_tasks", "cancel_tasks")
    readonly_fields = ("shown_errors", *(f"shown_{name}" for name in _JSON))
    exclude = ("errors", *_JSON)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: StoredTask | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: StoredTask | None = None) -> bool:
        # A row whose message is still at QStash would be missed; `qstash_tasks prune` deletes what is over.
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """For the actions, although nothing is changed by hand."""
        user: Any = request.user
        return bool(user.has_perm(_CHANGE))

    @admin.action(description="Run the selected failed tasks again", permissions=["operate"])
    def retry_tasks(self, request: HttpRequest, queryset: QuerySet[StoredTask]) -> None:
        self._do(request, queryset, retry, "published again")

    @admin.action(description="Cancel the selected waiting tasks", permissions=["operate"])
    def cancel_tasks(self, request: HttpRequest, queryset: QuerySet[StoredTask]) -> None:
        self._do(request, queryset, cancel, "cancelled")

    @admin.display(description="errors")
    def shown_errors(self, row: StoredTask) -> str:
        texts = [f"{error['exception_class_path']}\n{error['traceback']}" for error in row.errors]
        return format_html("<pre>{}</pre>", "\n".join(texts)) if texts else "-"

    def _do(
        self,
        request: HttpRequest,
        queryset: QuerySet[StoredTask],
        operate: Callable[[StoredTask], Refusal | None],
        done: str,
    ) -> None:
        count, refused = 0, dict[str, int]()
        for row in queryset:
            try:
                why = operate(row)
            except QStashError as error:
                self.message_user(request, f"{row.pk}: {error}", messages.ERROR)
                continue
            if why is None:
                count += 1
            else:
                refused[why] = refused.get(why, 0) + 1
        if count:
            self.message_user(request, f"{count} {'task' if count == 1 else 'tasks'} {done}.", messages.SUCCESS)
        for reason, many in refused.items():
            self.message_user(
                request, f"{many} left as {'it was' if many == 1 else 'they were'}: {reason}.", messages.WARNING
            )


def _shown(name: str) -> Callable[[_StoredTaskAdmin, StoredTask], str]:
    @admin.display(description=name.replace("_", " "))
    def shown(_: _StoredTaskAdmin, row: StoredTask) -> str:
        return format_html("<pre>{}</pre>", json.dumps(getattr(row, name), indent=2, ensure_ascii=False))

    return shown


for _name in _JSON:
    setattr(_StoredTaskAdmin, f"shown_{_name}", _shown(_name))
