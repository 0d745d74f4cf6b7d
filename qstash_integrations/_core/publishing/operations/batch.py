"""Many messages in one call.

Spec: https://upstash.com/docs/qstash/features/batch
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from ...errors import APIError, TransportError
from ..inputs import Header
from ..json_body import json_text
from ..results.fields import is_list, is_object
from ..results.published import read_published
from . import Operation
from .body import JSON, body_of
from .message import NewId, PublishResult
from .outline import Outline, Outlines

BATCH = "/v2/batch"


class Batch:
    """One call for many messages, ``first`` being the index of the first of them; filled one by one, then sent.

    No tuple or list, which error trackers would print: bodies and providers' tokens are in it.
    """

    __slots__ = ("_id", "_items", "_made", "_new_id", "_outlines", "first", "size")

    def __init__(self, new_id: NewId | None, outlines: Outlines, first: int = 0) -> None:
        self.first = first
        self.size = 1
        """Bytes of the call's body, as soon as there is a message in it."""
        self._new_id = new_id
        # Of each message the place is added: what differs from others in front of it, differs with it.
        self._id = new_id and new_id()
        self._outlines = outlines
        self._items: list[str] = []
        self._made: list[Outline] = []

    def __len__(self) -> int:
        return len(self._items)

    def add(self, message: Mapping[str, Any], *, as_json: bool) -> None:
        """TypeError or ValueError that names the message's index when it is wrong; the batch is then of no use."""
        try:
            item, outline = self._item(message, as_json)
        except (TypeError, ValueError) as error:
            of_caller = TypeError if isinstance(error, TypeError) else ValueError
            raise of_caller(f"messages[{self.first + len(self)}]: {error}") from error
        self.size += len(item) + 1
        self._items.append(item)
        self._made.append(outline)

    def following(self) -> "Batch":
        """The empty one for the messages behind these."""
        return Batch(self._new_id, self._outlines, self.first + len(self))

    def split(self) -> "Batch":
        """Take the last message out, into a batch of its own."""
        item = self._items.pop()
        rest = self.following()
        rest._items.append(item)
        rest._made.append(self._made.pop())
        rest.size += len(item) + 1
        self.size -= len(item) + 1
        return rest

    def operation(self, *, in_parts: bool = False) -> Operation[list[PublishResult]]:
        first, own_ids = self.first, tuple([outline.own_id for outline in self._made])
        return Operation(
            method="POST",
            path=BATCH,
            headers=(("Content-Type", "application/json"),),
            body=f"[{','.join(self._items)}]".encode(),
            read=lambda answer: _read_batch(answer, own_ids, first),
            repeatable=self._new_id is not None,
            publishes=True,
            own_ids=own_ids,
            calls=self._urls(),
            has_token=any(outline.has_token for outline in self._made),
            in_parts=in_parts,
        )

    def _urls(self) -> dict[str, str]:
        # Of a URL that many messages have, the first is named.
        firsts: dict[Outline, int] = {}
        for index, outline in enumerate(self._made, self.first):
            firsts.setdefault(outline, index)
        return {
            url: f"messages[{index}]: {name}"
            for outline, index in reversed(firsts.items())
            for url, name in outline.calls.items()
        }

    def _item(self, message: Mapping[str, Any], as_json: bool) -> tuple[str, Outline]:
        """Its JSON, and what it has in common with others."""
        if not isinstance(message, (dict, Mapping)):  # what is no dict asks an ABC, which takes its time
            raise TypeError(f"a message must be a dict, not {type(message).__name__}")
        text, default_type = (json_text(message.get("body")), JSON) if as_json else _text_of(message)
        outline = self._outlines.of(message, default_type)
        new_id = None if outline.own_id or self._id is None else f"{self._id}-{len(self._items)}"
        return outline.item(new_id, text), outline


def batch(
    messages: Iterable[Mapping[str, Any]],
    new_id: NewId | None,
    added: Sequence[Header] = (),
    *,
    as_json: bool = False,
) -> Operation[list[PublishResult]]:
    """One call for many messages; an error names the index of the message that it is about."""
    if isinstance(messages, Mapping | str) or not isinstance(messages, Iterable):
        kind = type(cast("object", messages)).__name__
        raise TypeError(f"messages must be a list of dicts, not {kind}")
    filled = Batch(new_id, Outlines(added))
    for message in messages:
        filled.add(message, as_json=as_json)
    return filled.operation()


def _text_of(message: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """``body_of`` as text."""
    body, default_type = body_of(message, as_json=False)
    with suppress(UnicodeDecodeError):
        return None if body is None else body.decode("utf-8"), default_type
    # Not while that error is handled: its repr is the body.
    raise ValueError("body is not UTF-8, and a batch is JSON: publish it on its own")


def _read_batch(answer: Any, own_ids: Sequence[bool], first: int) -> list[PublishResult]:
    if not is_list(answer) or len(answer) != len(own_ids):
        raise TransportError(f"QStash's answer is not a list of {len(own_ids)} results")
    for index, receipt in enumerate(answer, first):
        if is_object(receipt) and "error" in receipt and "messageId" not in receipt:
            # No lost answer: whoever sent the whole batch again would publish the others twice.
            raise APIError(400, f"messages[{index}]: {str(receipt['error'])[:500]}; the others may be accepted")
    return [read_published(receipt, own_id=own_id) for receipt, own_id in zip(answer, own_ids, strict=True)]
