"""The list of a run's messages as it is delivered and shown."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ...model import Entry, Message
from ...tables import Store


def with_list(store: Store, message: Message) -> Message:
    """With the body that is delivered: of a step, all of its run up to it."""
    if message.call_type != "step" or message.run is None or message.entry is None:
        return message
    return replace(message, body=steps_json(store.runs.entries(message.run, up_to=message.entry)))


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
    return b'{"messageId":"%b","body":"%b","callType":"step"}' % (entry.message_id.encode(), b64encode(entry.body))
