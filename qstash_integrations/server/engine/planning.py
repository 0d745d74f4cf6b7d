"""What a publication comes to, a message to a URL or one to each endpoint of a URL group: checked, then stored."""

from collections.abc import Sequence
from typing import NamedTuple

from .. import identifiers
from ..model import Draft, Endpoint, Header, Publication, Receipt, Receipts, Refused
from ..rules.dedup import WINDOW, dedup_key
from ..rules.destination import check_group, check_url, is_url
from ..rules.options import merged, read_options
from ..rules.workflow import Item, item_of
from ..tables import Store
from .acceptance import Acceptance
from .due import due_at
from .heads import Heads
from .workflows.items import Items


class Plan(NamedTuple):
    """All of it was checked, none of it is stored."""

    drafts: tuple[tuple[Draft, str | None], ...]  # each with its deduplication key
    grouped: bool
    item: Item | None = None  # of a workflow run, for which there is one draft


class Planning:
    """Steps of a call."""

    def __init__(self, store: Store, acceptance: Acceptance, heads: Heads, items: Items) -> None:
        self._store = store
        self._acceptance = acceptance
        self._heads = heads
        self._items = items

    def plan(self, publication: Publication, now: float, schedule_id: str | None = None) -> Plan:
        self._acceptance.check_body(publication.body)
        item = item_of(publication)
        if item is not None:
            return Plan(((self._items.draft(item, publication, now), None),), grouped=False, item=item)
        group, endpoints, headers = self._target(publication)
        options = read_options(headers, now)
        self._acceptance.check_options(options, now)
        queue = publication.queue or options.queue
        if queue is not None:
            self._heads.check(queue)
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

    def carry_out(self, plans: Sequence[Plan], now: float) -> list[Receipts]:
        """Store the messages, but for duplicates. Refused when there is no room for all of them."""
        self._acceptance.check_room([draft for plan in plans for draft, _ in plan.drafts])
        return [
            Receipts(
                each=tuple(self._accepted(plan, draft, key, now) for draft, key in plan.drafts), grouped=plan.grouped
            )
            for plan in plans
        ]

    def note(self, publications: Sequence[Publication], now: float) -> None:
        """Keep what is of use of publications that were refused because their run is over."""
        for publication in publications:
            item = item_of(publication)
            if item is not None:
                self._items.note(item, publication, now)

    def _target(self, publication: Publication) -> tuple[str | None, tuple[Endpoint, ...], tuple[Header, ...]]:
        """The URL group if it is one, its endpoints, and the headers with the group's defaults."""
        destination = publication.destination
        if is_url(destination):
            return None, (Endpoint(url=check_url(destination)),), publication.headers
        group = self._store.url_groups.get(check_group(destination))
        if group is None:
            raise Refused(404, f"topic {destination} not found")
        return group.name, group.endpoints, merged(group.headers, publication.headers)

    def _accepted(self, plan: Plan, draft: Draft, key: str | None, now: float) -> Receipt:
        if plan.item is not None:
            return self._items.accept(plan.item, draft, now)
        if key is not None:
            earlier = self._store.duplicates.earlier(key, now)
            if earlier is not None:
                return Receipt(message_id=earlier, url=draft.url, deduplicated=True)
            self._store.duplicates.remember(key, draft.id, now + WINDOW)
        self._acceptance.accept(draft)
        return Receipt(message_id=draft.id, url=draft.url)
