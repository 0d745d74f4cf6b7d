"""System checks of the outbox.

Spec: https://docs.djangoproject.com/en/stable/topics/checks/
"""

from django.core.checks import CheckMessage, Warning  # noqa: A004 - Django's name

from ..._core.errors import ConfigurationError
from ..conf import outbox_schedule
from ..reversing import URLS, included
from .places import VIEW


def check_outbox(**_: object) -> list[CheckMessage]:
    """W001: nobody but a running relay would send what the writers themselves have not."""
    try:
        if outbox_schedule() is None or included(VIEW) is not None:
            return []
    except ConfigurationError:
        return []  # that is an error of another check
    return [
        Warning(
            "QStash cannot sweep the outbox, since no URLconf has the urls of this package",
            hint=(
                f'Add path("qstash/", include("{URLS}")) to urlpatterns; or run manage.py qstash outbox relay, and set '
                'QSTASH["OUTBOX_SCHEDULE"] = False.'
            ),
            id="qstash_outbox.W001",
        )
    ]
