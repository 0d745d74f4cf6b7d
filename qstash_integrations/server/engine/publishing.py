"""Publish: to a URL, or one message to each endpoint of a URL group; duplicates are answered, not stored.

Spec: https://upstash.com/docs/qstash/api/publish
"""

from collections.abc import Sequence
from typing import NamedTuple

from .. import identifiers
from ..model import Draft, Endpoint, Header, Limits, Options, Publication, Published, Receipt, Refused
from ..rules.dedup import WINDOW, dedup_key
from ..rules.destination import check_group, check_url, is_url
from ..rules.options import merged, read_options
from ..tables import Store
from .acceptance import Acceptance
from .queues import Queues


class Plan(NamedTuple):
    """What a publication comes to: all of it was checked, none of it is stored."""

    drafts: tuple[tuple[Draft, str | None], ...]  # each with its deduplication key
    grouped: bool


class Publishing:
    def __init__(self, store: Store, limits: Limits, acceptance: Acceptance, queues: Queues) -> None:
        self._store = store
        self._limits = limits
        self._acceptance = acceptance
        self._queues = queues

    def publish(self, publication: Publication, now: float, *, schedule_id: str | None = None) -> Published:
        plan = self._plan(publication, now, schedule_id)
        self.check_room([draft for draft, _ in plan.drafts])
        return self._carry_out(plan, now)

    def publish_all(self, publications: Sequence[Publication], now: float) -> list[Published]:
        """All of them or none: Refused names the place of the one that is wrong, counted from 0."""
        plans: list[Plan] = []
        drafts: list[Draft] = []
        for index, publication in enumerate(publications):
            try:
                plan = self._plan(publication, now, None)
            except Refused as error:
                raise Refused(error.status, f"message {index}: {error.text}") from error
            plans.append(plan)
            drafts += [draft for draft, _ in plan.drafts]
            if len(drafts) > self._limits.batch:
                raise Refused(400, f"the batch is too large: at most {self._limits.batch} messages in one call")
        self.check_room(drafts)
        return [self._carry_out(plan, now) for plan in plans]

    def check_body(self, body: bytes) -> None:
        if len(body) > self._limits.body:
            raise Refused(413, f"quota maxMessageSize exceeded, current limit: {self._limits.body}")

    def check_room(self, drafts: Sequence[Draft]) -> None:
        """Refused when the server would have more unfinished messages than it can bear."""
        total = self._store.messages.total()
        if total.messages + len(drafts) > self._limits.unfinished:
            raise Refused(429, f"too many unfinished messages: at most {self._limits.unfinished}")
        if total.bytes + sum(len(draft.body) for draft in drafts) > self._limits.unfinished_bytes:
            raise Refused(429, f"unfinished messages are too large: at most {self._limits.unfinished_bytes} bytes")

    def _plan(self, publication: Publication, now: float, schedule_id: str | None) -> Plan:
        self.check_body(publication.body)
        group, endpoints, headers = self._target(publication)
        options = read_options(headers, now)
        queue = publication.queue or options.queue
        if queue is not None:
            self._queues.check(queue)
        drafts = [
            Draft(
                id=identifiers.message_id(),
                url=endpoint.url,
                body=publication.body,
                options=options,
                created_at=now,
                due_at=due_at(options, now),
                queue=queue,
                topic=group,
                endpoint=endpoint.name,
                schedule_id=schedule_id,
                caller_ip=publication.caller_ip,
            )
            for endpoint in endpoints
        ]
        return Plan(
            tuple((draft, dedup_key(draft.url, draft.body, options, group)) for draft in drafts),
            grouped=group is not None,
        )

    def _target(self, publication: Publication) -> tuple[str | None, tuple[Endpoint, ...], tuple[Header, ...]]:
        """The URL group if it is one, its endpoints, and the headers with the group's defaults."""
        destination = publication.destination
        if is_url(destination):
            return None, (Endpoint(url=check_url(destination)),), publication.headers
        group = self._store.url_groups.get(check_group(destination))
        if group is None:
            raise Refused(404, f"topic {destination} not found")
        return group.name, group.endpoints, merged(group.headers, publication.headers)

    def _carry_out(self, plan: Plan, now: float) -> Published:
        return Published(
            receipts=tuple(self._accepted(draft, key, now) for draft, key in plan.drafts), grouped=plan.grouped
        )

    def _accepted(self, draft: Draft, key: str | None, now: float) -> Receipt:
        if key is not None:
            earlier = self._store.duplicates.earlier(key, now)
            if earlier is not None:
                return Receipt(message_id=earlier, url=draft.url, deduplicated=True)
            self._store.duplicates.remember(key, draft.id, now + WINDOW)
        self._acceptance.accept(draft)
        return Receipt(message_id=draft.id, url=draft.url)


def due_at(options: Options, now: float) -> float:
    """When a message that is published now may be delivered; Not-Before wins over Delay."""
    if options.not_before_at is not None:
        return max(float(options.not_before_at), now)
    return now + options.delay
