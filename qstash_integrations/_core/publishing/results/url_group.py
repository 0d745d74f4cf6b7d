"""A URL group and its endpoints.

Spec: https://upstash.com/docs/qstash/features/url-groups
"""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    url: str
    name: str | None = field(default=None, metadata={"instead": {"": None}})


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlGroup:
    name: str
    created_at: int
    """Unix milliseconds."""
    updated_at: int
    """Unix milliseconds."""
    endpoints: Sequence[Endpoint]
