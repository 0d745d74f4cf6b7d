"""The list of a run's messages as it is delivered and shown."""

import math
from base64 import b64encode
from collections.abc import Generator, Iterable, Sequence
from dataclasses import replace
from typing import Any

from ...model import Entry, Message
from ...tables import Store
from ...tables.messages import MOST_HELD
from ...tables.runs import Stored

_BEFORE, _BEHIND = b'{"messageId":"%b","body":"', b'","callType":"step"}'
_READ = MOST_HELD // 4 * 3  # bytes, of which base64 makes whole characters


def with_list(store: Store, message: Message, *, whole: bool = True) -> Message:
    """With the body that is delivered: of a step, all of its run up to it.

    Unless it is to be ``whole``, a large one stays in the store, for ``parts``.
    """
    if message.call_type != "step" or message.run is None or message.entry is None:
        return message
    if not whole and (size := _size(store.runs.stored(message.run, up_to=message.entry))) > MOST_HELD:
        return replace(message, body=b"", unread=size)
    return replace(message, body=steps_json(store.runs.entries(message.run, up_to=message.entry)))


def parts(store: Store, message: Message) -> Generator[bytes]:
    """What was left in the store, each part read when it is asked for; the same bytes as ``steps_json``."""
    if message.call_type != "step" or message.run is None or message.entry is None:
        yield from store.messages.parts(message.seq)
        return
    part = bytearray(b"[")
    for index, stored in enumerate(store.runs.stored(message.run, up_to=message.entry)):
        part += (b"," if index else b"") + _BEFORE % stored.message_id.encode()
        for place in range(0, stored.size, _READ):
            part += b64encode(store.runs.part(stored, place, _READ))
            if len(part) >= MOST_HELD:
                yield bytes(part)
                part.clear()
        part += _BEHIND
    yield bytes(part + b"]")


def steps_json(entries: Iterable[Entry]) -> bytes:
    """The body of a delivery: each step byte for byte as it came."""
    return b"[" + b",".join(_json(entry) for entry in entries if entry.call_type == "step") + b"]"


def steps(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """All of the list, results of calls included."""
    return [
        {"messageId": entry.message_id, "body": b64encode(entry.body).decode("ascii"), "callType": entry.call_type}
        for entry in entries
    ]


def _json(entry: Entry) -> bytes:
    # Put together by hand: a list may be large, and nothing in it needs to be escaped.
    return b"%b%b%b" % (_BEFORE % entry.message_id.encode(), b64encode(entry.body), _BEHIND)


def _size(entries: Sequence[Stored]) -> int:
    """Of the list, with a sign before each entry and one at the end."""
    return 1 + sum(
        1 + len(_BEFORE % entry.message_id.encode()) + 4 * math.ceil(entry.size / 3) + len(_BEHIND) for entry in entries
    )
