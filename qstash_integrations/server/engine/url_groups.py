"""URL groups, which the API calls topics: endpoints that all get what is published to the group's name.

Spec: https://upstash.com/docs/qstash/features/url-groups
"""

from collections.abc import Sequence
from dataclasses import replace

from ..model import Endpoint, Header, Limits, Refused, UrlGroup
from ..rules.destination import check_name, check_url
from ..rules.options import read_options
from ..rules.quotas import check_quotas
from ..tables import Store
from .commits import Commits

_LONGEST_NAME = 256


class UrlGroups:
    def __init__(self, store: Store, commit: Commits, limits: Limits) -> None:
        self._store = store
        self._commit = commit
        self._limits = limits

    def get(self, name: str) -> UrlGroup:
        group = self._store.url_groups.get(name)
        if group is None:
            raise Refused(404, f"topic {name[:60]} not found")
        return group

    def all(self) -> list[UrlGroup]:
        return self._store.url_groups.all()

    def add_endpoints(self, name: str, endpoints: Sequence[Endpoint]) -> None:
        """Create the group if need be. An endpoint with a known URL or name takes that one's place."""
        check_name(name, "URL group name")
        with self._commit() as now:
            group = self._store.url_groups.get(name)
            if group is None:
                if self._store.url_groups.count() >= self._limits.url_groups:
                    raise Refused(412, f"quota maxTopics exceeded, current limit: {self._limits.url_groups}")
                group = UrlGroup(name=name, endpoints=(), headers=(), created_at=now, updated_at=now)
            found = group.endpoints
            for endpoint in endpoints:
                found = _with(found, _check(endpoint))
                if len(found) > self._limits.endpoints:
                    raise Refused(412, f"quota maxEndpointsPerTopic exceeded, current limit: {self._limits.endpoints}")
            if not found:
                raise Refused(400, "a URL group needs at least one endpoint")
            self._store.url_groups.put(replace(group, endpoints=found, updated_at=now))

    def remove_endpoints(self, name: str, endpoints: Sequence[Endpoint]) -> None:
        """By URL, or by name where the URL is empty. The group goes with its last endpoint."""
        urls = {endpoint.url for endpoint in endpoints if endpoint.url}
        names = {endpoint.name for endpoint in endpoints if endpoint.name and not endpoint.url}
        with self._commit() as now:
            group = self.get(name)
            left = tuple(
                endpoint for endpoint in group.endpoints if endpoint.url not in urls and endpoint.name not in names
            )
            if left:
                self._store.url_groups.put(replace(group, endpoints=left, updated_at=now))
            else:
                self._store.url_groups.remove(name)

    def set_headers(self, name: str, headers: Sequence[Header]) -> None:
        """Defaults for every publish to the group, in place of earlier ones; a request's own headers win."""
        with self._commit() as now:
            group = self.get(name)
            check_quotas(read_options(headers, now), self._limits, now)
            self._store.url_groups.put(replace(group, headers=tuple(headers), updated_at=now))

    def delete(self, name: str) -> None:
        """One that does not exist is deleted already. What was published to it goes on."""
        with self._commit():
            self._store.url_groups.remove(name)


def _check(endpoint: Endpoint) -> Endpoint:
    check_url(endpoint.url, "endpoint")
    name = endpoint.name or None
    if name is not None and (len(name) > _LONGEST_NAME or not name.isprintable()):
        raise Refused(400, f"invalid endpoint name: at most {_LONGEST_NAME} printable characters")
    return replace(endpoint, name=name)


def _with(endpoints: tuple[Endpoint, ...], added: Endpoint) -> tuple[Endpoint, ...]:
    """One endpoint more, or the one it replaces in the same place."""
    same = [
        index
        for index, endpoint in enumerate(endpoints)
        if endpoint.url == added.url or (added.name is not None and endpoint.name == added.name)
    ]
    if not same:
        return (*endpoints, added)
    kept = [endpoint for index, endpoint in enumerate(endpoints) if index not in same]
    kept.insert(same[0], added)
    return tuple(kept)
