"""What QStash answers, as rows and JSON. Bodies, header values and queries of URLs are hashes unless revealed."""

import base64
from collections.abc import Collection, Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, cast

import click

from .._core.masking import hashed, masked_url
from .verb import WithOption

reveal: WithOption = click.option("--reveal", is_flag=True, help="Show bodies, header values and queries of URLs.")
_TIMES = ("created_at", "updated_at", "not_before", "time", "next_delivery_time")
_BODIES = ("body", "response_body")
_BASE64 = ("body_base64", "response_body_base64")
_HEADERS = ("headers", "callback_headers", "failure_callback_headers", "response_headers")
_URLS = ("url", "endpoint", "callback", "failure_callback", "destination")


def as_shown(value: Any, *, revealed: bool) -> dict[str, Any]:
    """The fields of a result that it has; times as ISO 8601."""
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: _shown(name, one, revealed) for name, one in found.items() if one not in (None, (), [])}


def moment(milliseconds: int | None) -> str:
    if not milliseconds:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def place(url: str, *, revealed: bool = False) -> str:
    return url if revealed else masked_url(url)


def counted(ids: Collection[str], what: str) -> str:
    return f"{len(ids)} {what}{'' if len(ids) == 1 else 's'}"


def _shown(name: str, value: Any, revealed: bool) -> Any:
    if name in _TIMES:
        return moment(value) or None
    if name in _URLS and isinstance(value, str):
        return place(value, revealed=revealed)
    if revealed:
        return value if isinstance(value, str | int | bool) else _plain(value)
    if name in _BODIES:
        return hashed(value.encode("utf-8", "replace"))
    if name in _BASE64:
        return hashed(_decoded(value))
    if name in _HEADERS:
        return {header: [hashed(one.encode()) for one in values] for header, values in value.items()}
    return _plain(value)


def _plain(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return {name: one for name, one in asdict(value).items() if one is not None}
    if isinstance(value, Mapping):
        return {**cast("Mapping[str, object]", value)}
    return [*cast("tuple[object, ...]", value)] if isinstance(value, tuple) else value


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError:
        return text.encode()
