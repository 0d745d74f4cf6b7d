# Made of _async/schedule.py by tools/unasync.py: change that one, and run it.
"""``client.schedule``.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from typing import Any, Unpack, overload

from ..discreet import discreet
from ..message_options import NewSchedule
from ..operations import merged
from ..operations import schedule as operations
from ..results.schedule import Schedule
from ..signatures import named_options
from . import Runner


@named_options
@discreet
class ScheduleApi:
    """``client.schedule``: publish again and again. APIError or TransportError where QStash does not do it."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner) -> None:
        self._client = client

    @overload
    def create(self, schedule: NewSchedule, /) -> str: ...
    @overload
    def create(self, /, **schedule: Unpack[NewSchedule]) -> str: ...
    def create(self, schedule: Any = None, /, **fields: Any) -> str:
        """Publish to ``destination`` whenever ``cron`` says; the schedule's id.

        With a ``schedule_id`` that exists, that schedule is replaced as a whole. The keywords are those of
        ``qstash_integrations.options.NewSchedule``.
        """
        return self._client.run(operations.create(merged(schedule, fields), self._client.added))

    @overload
    def create_json(self, schedule: NewSchedule, /) -> str: ...
    @overload
    def create_json(self, /, **schedule: Unpack[NewSchedule]) -> str: ...
    def create_json(self, schedule: Any = None, /, **fields: Any) -> str:
        """``create`` with the body encoded as JSON."""
        return self._client.run(operations.create(merged(schedule, fields), self._client.added, as_json=True))

    def get(self, schedule_id: str) -> Schedule:
        """The schedule and what it last did; APIError 404 for an unknown id."""
        return self._client.run(operations.get(schedule_id))

    def list(self) -> list[Schedule]:
        """All schedules of the account, whichever app has made them."""
        return self._client.run(operations.list_all())

    def delete(self, schedule_id: str) -> None:
        """Publish no more; messages that it has published are delivered."""
        return self._client.run(operations.delete(schedule_id))

    def pause(self, schedule_id: str) -> None:
        """Skip its ticks until ``resume``; they are not made up for."""
        return self._client.run(operations.pause(schedule_id))

    def resume(self, schedule_id: str) -> None:
        """End a pause, from the next tick on."""
        return self._client.run(operations.resume(schedule_id))
