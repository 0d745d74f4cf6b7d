"""The list of a run's messages as it is delivered and shown. Pure."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from ...model import Entry


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
