# Made of _async/url_group.py by tools/unasync.py: change that one, and run it.
"""``client.url_group``.

Spec: https://upstash.com/docs/qstash/features/url-groups
"""

from collections.abc import Sequence
from typing import Unpack

from ..discreet import discreet
from ..message_options import GroupDefaults, RemoveEndpoint, UpsertEndpoint
from ..operations import url_group as operations
from ..results.url_group import UrlGroup
from ..signatures import named_options
from . import Runner


@named_options
@discreet
class UrlGroupApi:
    """``client.url_group``: several URLs under one name. APIError or TransportError where QStash does not do it."""

    __slots__ = ("_client",)

    def __init__(self, client: Runner) -> None:
        self._client = client

    def upsert_endpoints(self, url_group: str, endpoints: Sequence[UpsertEndpoint]) -> None:
        """Add endpoints, ``{"url": ..., "name": ...}``, to the group, which is made when there is none of this name.

        One with the URL or the name of an endpoint in the group replaces that.
        """
        return self._client.run(operations.upsert_endpoints(url_group, endpoints))

    def remove_endpoints(self, url_group: str, endpoints: Sequence[RemoveEndpoint]) -> None:
        """Remove endpoints by ``{"url": ...}`` or ``{"name": ...}``; the last one takes the group along."""
        return self._client.run(operations.remove_endpoints(url_group, endpoints))

    def set_defaults(self, url_group: str, /, **options: Unpack[GroupDefaults]) -> None:
        """Set what applies to every message published to the group that does not say otherwise itself.

        They replace earlier defaults as a whole; without options there are none. APIError 404 for an unknown name.
        The keywords are those of ``qstash_integrations.options.GroupDefaults``.
        """
        return self._client.run(operations.set_defaults(url_group, options))

    def get(self, url_group: str) -> UrlGroup:
        """The group with its endpoints; APIError 404 for an unknown name."""
        return self._client.run(operations.get(url_group))

    def list(self) -> list[UrlGroup]:
        """All URL groups."""
        return self._client.run(operations.list_all())

    def delete(self, url_group: str) -> None:
        """Delete the group; an unknown one is no error, and messages on their way to its endpoints are delivered."""
        return self._client.run(operations.delete(url_group))
