"""A URL group and its endpoints.

Spec: https://upstash.com/docs/qstash/features/url-groups
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One URL of a group, which gets a message of its own for each that is published to the group."""

    url: str
    name: str | None = field(default=None, metadata={"instead": {"": None}})
    """Unique in its group; None where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlGroup:
    """A name under which QStash publishes to several URLs."""

    name: str
    created_at: int
    """Unix milliseconds."""
    updated_at: int
    """Unix milliseconds."""
    endpoints: Sequence[Endpoint]
