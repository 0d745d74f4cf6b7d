"""What a handler is given and gives back, whatever the framework around it."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

Reading: TypeAlias = Literal["body", "json", "form"]


class Call(NamedTuple):
    delivery: object
    """What the adapter left where its framework's users look for it."""
    method: str
    shown: dict[str, Any]
    """What the framework's own request shows, by the name of the reading."""


class Reply(NamedTuple):
    status: int = 200
    headers: dict[str, str] = {"content-type": "text/plain"}  # noqa: RUF012 - never changed
    body: bytes = b"done"
    parts: tuple[bytes, ...] = ()
    """Instead of ``body``: a streaming response."""


Handler = Callable[[Call], Reply]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
