"""The schedule by which QStash sweeps the outbox, as code: ``manage.py qstash schedules sync`` declares it.

Apart from the view, which works without the extra that schedules need.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from collections.abc import Callable, Mapping
from typing import Any

from ...outbox.sweeps import SCHEDULE
from ...tasks.schedules import Schedule, schedule
from ..conf import outbox_schedule
from .sweep import url


class _Sweep:
    """What it publishes: no body, and no second try. The next call is the second try."""

    def planned(self, task_url: Callable[[str], str] | None = None, /) -> Mapping[str, Any]:
        return {"destination": url(), "retries": 0}


def schedules() -> list[Schedule]:
    """None where QSTASH_OUTBOX_SCHEDULE is False."""
    cron = outbox_schedule()
    return [] if cron is None else [schedule(SCHEDULE, cron, _Sweep())]
