"""What comes back from publishing.

Spec: https://upstash.com/docs/qstash/api-refernce/messages/publish-a-message
"""

from dataclasses import dataclass, field
from typing import Any

from .fields import Fields, is_list, is_object


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishResponse:
    """A message that QStash has accepted and will deliver at least once."""

    message_id: str
    """What ``client.message`` and the log know it by, and ``Delivery.message_id`` at its destination."""
    deduplicated: bool = False
    """True: it was a duplicate of the message that ``message_id`` names, and is not delivered."""
    url: str | None = field(default=None, repr=False)
    """The destination, where QStash repeats it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishUrlGroupResponse:
    """One endpoint's message of a publish to a URL group; each has an id, attempts and an end of its own."""

    message_id: str
    url: str
    """Of the endpoint."""
    deduplicated: bool = False
    """True: it was a duplicate of the message that ``message_id`` names, and is not delivered."""


def is_receipt(answer: Any) -> bool:
    """Whether it is one that ``read_published`` takes, of one message."""
    return is_object(answer) and isinstance(answer.get("messageId"), str)


def read_published(answer: Any, *, own_id: bool) -> PublishResponse | list[PublishUrlGroupResponse]:
    """One receipt, or one per endpoint of a URL group.

    Without ``own_id`` the deduplication id was the client's: a duplicate is then a try of its own that had arrived.
    """
    if not is_list(answer):
        # Not through Fields unless something is wrong: a batch has thousands of them.
        message_id = answer["messageId"] if is_receipt(answer) else Fields(answer).need("messageId", str)
        url = answer.get("url")
        return PublishResponse(
            message_id=message_id,
            deduplicated=own_id and answer.get("deduplicated") is True,
            url=url if isinstance(url, str) else None,
        )
    return [
        PublishUrlGroupResponse(
            message_id=fields.need("messageId", str),
            url=fields.need("url", str),
            deduplicated=own_id and fields.get("deduplicated", bool) is True,
        )
        for fields in map(Fields, answer)
    ]
