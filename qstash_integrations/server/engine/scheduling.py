"""From a publication that says when to a schedule: by a call of its own, or by ``Upstash-Cron`` on any publish.

Spec: https://upstash.com/docs/qstash/features/schedules
"""

from ..._core.publishing.options import OPTIONS
from .. import identifiers
from ..model import Header, Limits, Publication, Receipts, Refused, Schedule
from ..rules.cron import check_cron, next_tick
from ..rules.dedup import WINDOW, dedup_key
from ..rules.destination import check_group, check_name, check_url, is_url
from ..rules.options import NOT_OF_SCHEDULES, read_options
from ..tables import Store
from .acceptance import Acceptance

_CRON, _ID = (OPTIONS[name].header.lower() for name in ("cron", "schedule_id"))


class Scheduling:
    """Steps of a call."""

    def __init__(self, store: Store, limits: Limits, acceptance: Acceptance) -> None:
        self._store = store
        self._limits = limits
        self._acceptance = acceptance

    def create(self, publication: Publication, now: float) -> str:
        """Its id. Cron, id and queue are in the headers; a schedule with the same id is replaced as a whole."""
        fields = {name.lower(): value.strip() for name, value in publication.headers}
        cron = check_cron(fields.get(_CRON, ""), now)
        given = fields.get(_ID)
        schedule_id = check_name(given, OPTIONS["schedule_id"].header) if given else identifiers.schedule_id()
        earlier = self._store.schedules.get(schedule_id)
        if earlier is None and self._store.schedules.count() >= self._limits.schedules:
            raise Refused(412, f"quota maxSchedules exceeded, current limit: {self._limits.schedules}")
        self._acceptance.check_body(publication.body)
        headers = _kept(publication)
        options = read_options(headers, now)
        self._acceptance.check_options(options, now)
        self._store.schedules.put(
            Schedule(
                id=schedule_id,
                destination=_check_destination(publication.destination),
                cron=cron,
                headers=headers,
                options=options,
                body=publication.body,
                caller_ip=publication.caller_ip,
                created_at=earlier.created_at if earlier else now,
                next_at=next_tick(cron, now),
            )
        )
        return schedule_id

    def publish(self, publication: Publication, now: float) -> Receipts:
        """As ``create``, but once where the publisher asks for deduplication."""
        headers = [(name, value) for name, value in publication.headers if name.lower() != _CRON]
        key = dedup_key(publication.destination, publication.body, read_options(headers, now), None)
        key = key and f"schedule {key}"
        earlier = key and self._store.duplicates.earlier(key, now)
        if earlier:
            return Receipts(each=(), grouped=False, schedule_id=earlier, deduplicated=True)
        schedule_id = self.create(publication, now)
        if key:
            self._store.duplicates.remember(key, schedule_id, now + WINDOW)
        return Receipts(each=(), grouped=False, schedule_id=schedule_id)


def is_schedule(publication: Publication) -> bool:
    """Whether it says when, and so is no message yet."""
    return any(name.lower() == _CRON for name, _ in publication.headers)


def _check_destination(destination: str) -> str:
    """A URL, or the name of a URL group that need not exist yet."""
    return check_url(destination) if is_url(destination) else check_group(destination)


def _kept(publication: Publication) -> tuple[Header, ...]:
    """The headers to publish with at every tick. The token of the call, for one, is not among them."""
    kept = [(name, value) for name, value in publication.headers if _is_kept(name.lower())]
    if publication.queue is not None:
        kept.append((OPTIONS["queue"].header, publication.queue))
    return tuple(kept)


def _is_kept(name: str) -> bool:
    return name not in NOT_OF_SCHEDULES and (name == "content-type" or name.startswith("upstash-"))
