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


class Around(NamedTuple):
    """What stands around the handler, apart from one verification."""

    outer: dict[str, Any] | None = None
    """The options of a second verification, further out."""
    ahead: Literal["reads", "takes", "drops", None] = None
    """Code between the framework and the verification: it reads the body as one should, takes it so that nobody else
    can read it, or answers 500 whatever the handler did."""

    def verified(self, verify: Callable[..., Any], options: dict[str, Any], handler: Any) -> Any:
        """With a decorator that takes options."""
        inner = verify(**options)(handler)
        return inner if self.outer is None else verify(**self.outer)(inner)


ALONE = Around()

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
