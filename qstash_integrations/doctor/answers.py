"""Which answers are this package's own, by their form: of anybody else's no body is looked at any further. Pure."""

from .._core.receiving.answers import (
    BODY_TIMED_OUT,
    BODY_TOO_LARGE,
    INCOMPLETE_BODY,
    LENGTH_REQUIRED,
    REJECTED,
    STORE_UNAVAILABLE,
)
from .signing import is_json

_OURS: dict[tuple[int, bytes], str] = {
    (answer.status, answer.body): str(is_json(answer.body)["error"])
    for answer in (REJECTED, INCOMPLETE_BODY, BODY_TIMED_OUT, LENGTH_REQUIRED, BODY_TOO_LARGE, STORE_UNAVAILABLE)
}
INVALID = _OURS[(REJECTED.status, REJECTED.body)]
STORE_DOWN = _OURS[(STORE_UNAVAILABLE.status, STORE_UNAVAILABLE.body)]
TOO_LARGE = _OURS[(BODY_TOO_LARGE.status, BODY_TOO_LARGE.body)]


def text_of_ours(status: int, body: bytes) -> str:
    """The error text of an answer of this package's; empty for anybody else's."""
    return _OURS.get((status, body.strip()), "")
