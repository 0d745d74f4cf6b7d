"""What of a batch's item does not depend on the body: usually the same for many messages, so made and checked once."""

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii as quoted
from typing import Any

from ...names import check_names
from ..inputs import Header, check_name
from .message import ID_HEADER, NAMES, destination_of, has_own_id, urls_in

_MOST = 64
encode = json.JSONEncoder(separators=(",", ":")).encode


class Outline:
    """The JSON of an item, all but its deduplication id and its body.

    No tuple, which error trackers would print: a provider's token may be in it.
    """

    __slots__ = ("_end", "_start", "_start_with_id", "calls", "has_token", "own_id")

    def __init__(
        self, item: dict[str, Any], queue: str | None, *, own_id: bool, has_token: bool, calls: Mapping[str, str]
    ) -> None:
        # Without the ends of both objects.
        self._start = encode(item)[:-2]
        self._start_with_id = f'{self._start}{"," if item["headers"] else ""}"{ID_HEADER}":'
        self._end = "}" if queue is None else f',"queue":{encode(queue)}}}'
        self.own_id = own_id
        """Whether deduplication was the caller's own wish."""
        self.has_token = has_token
        """Whether a provider's token is among its headers."""
        self.calls = calls
        """The URLs that QStash is to call, each with its option."""

    def item(self, new_id: str | None, body: str | None) -> str:
        start = self._start if new_id is None else self._start_with_id + quoted(new_id)
        return f"{start}}}{self._end}" if body is None else f'{start}}},"body":{quoted(body)}{self._end}'


class Outlines:
    """Those that were made last."""

    __slots__ = ("_added", "_made")

    def __init__(self, added: Sequence[Header] = ()) -> None:
        self._added = added
        self._made: dict[tuple[object, ...], Outline] = {}

    def of(self, message: Mapping[str, Any], default_type: str | None) -> Outline:
        """TypeError or ValueError names the option that is wrong."""
        options: list[object] = [default_type]
        for name, value in message.items():
            if name != "body":
                # The others may change, or be equal to what is refused, as 1 is to True.
                if type(value) is not str and type(value) is not int:
                    return _outline(message, default_type, self._added)
                options += name, value
        key = tuple(options)
        made = self._made.get(key)
        if made is None:
            if len(self._made) >= _MOST:
                self._made.clear()
            made = self._made[key] = _outline(message, default_type, self._added)
        return made


def _outline(message: Mapping[str, Any], default_type: str | None, added: Sequence[Header]) -> Outline:
    check_names(message, NAMES)
    queue = None if message.get("queue") is None else check_name(message["queue"], "queue")
    destination, headers = destination_of(message, default_type, added)
    item = {"destination": destination, "headers": dict(headers)}
    has_token = message.get("api") is not None
    return Outline(item, queue, own_id=has_own_id(message), has_token=has_token, calls=urls_in(message))
