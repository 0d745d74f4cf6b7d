"""A URL group and its endpoints.

Spec: https://upstash.com/docs/qstash/features/url-groups
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .fields import Fields, read_list


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    url: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlGroup:
    name: str
    created_at: int
    """Unix milliseconds."""
    updated_at: int
    """Unix milliseconds."""
    endpoints: Sequence[Endpoint]


def read_url_group(answer: Any) -> UrlGroup:
    fields = Fields(answer)
    return UrlGroup(
        name=fields.need("name", str),
        created_at=fields.need("createdAt", int),
        updated_at=fields.need("updatedAt", int),
        endpoints=tuple(read_list(fields.need("endpoints", list), _read_endpoint, "endpoints")),
    )


def _read_endpoint(answer: Any) -> Endpoint:
    fields = Fields(answer)
    return Endpoint(url=fields.need("url", str), name=fields.get("name", str) or None)
