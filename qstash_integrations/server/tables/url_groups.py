"""URL groups: their endpoints in the order in which they were added, and their default headers."""

import json
import sqlite3

from ..model import Endpoint, UrlGroup
from .encoding import headers_from_json, to_json

_SELECT = "SELECT name, endpoints, headers, created_at, updated_at FROM url_groups"


class UrlGroups:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def put(self, group: UrlGroup) -> None:
        """Create it, or replace all of the one with the same name."""
        endpoints = [[endpoint.url, endpoint.name] for endpoint in group.endpoints]
        self._connection.execute(
            "INSERT INTO url_groups (name, endpoints, headers, created_at, updated_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (name) DO UPDATE SET endpoints = excluded.endpoints, headers = excluded.headers,"
            " created_at = excluded.created_at, updated_at = excluded.updated_at",
            (group.name, to_json(endpoints), to_json(group.headers), group.created_at, group.updated_at),
        )

    def get(self, name: str) -> UrlGroup | None:
        row = self._connection.execute(f"{_SELECT} WHERE name = ?", (name,)).fetchone()
        return _group(*row) if row else None

    def all(self) -> list[UrlGroup]:
        """In the order of their creation."""
        return [_group(*row) for row in self._connection.execute(f"{_SELECT} ORDER BY created_at, name")]

    def count(self) -> int:
        count: int = self._connection.execute("SELECT COUNT(*) FROM url_groups").fetchone()[0]
        return count

    def remove(self, name: str) -> None:
        self._connection.execute("DELETE FROM url_groups WHERE name = ?", (name,))


def _group(name: str, endpoints: str, headers: str, created_at: float, updated_at: float) -> UrlGroup:
    return UrlGroup(
        name=name,
        endpoints=tuple(Endpoint(url=url, name=label) for url, label in json.loads(endpoints)),
        headers=headers_from_json(headers),
        created_at=created_at,
        updated_at=updated_at,
    )
