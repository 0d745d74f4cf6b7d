"""The backend in the place of Django's dummy: with the two things that the dummy's tests look at."""

from typing import Any

from qstash_integrations.django.tasks import QStashBackend


class SuiteBackend(QStashBackend):
    def clear(self) -> None:
        from qstash_integrations.django.tasks.rows import rows

        rows().delete()

    @property
    def results(self) -> list[Any]:
        from qstash_integrations.django.tasks.rows import rows

        return [self.get_result(row.pk) for row in rows().order_by("id")]
