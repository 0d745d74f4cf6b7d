"""Stage P: one message to the probe, by QStash itself. Only its own dead letter is deleted.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

from collections.abc import Callable
from contextlib import suppress

from .._core.errors import QStashError
from .._core.publishing.client import QStash
from .account import attempts
from .facts import ProbeMessage

PATIENCE = 30.0  # seconds
_EVERY = 0.5


def publish(client: QStash, url: str, *, now: Callable[[], float], sleep: Callable[[float], None]) -> ProbeMessage:
    """Without a retry. What becomes of it is known by QStash's log."""
    try:
        receipt = client.publish_json(url=url, body={"qstash": "probe"}, retries=0)
    except (QStashError, ValueError) as error:
        return ProbeMessage(state="refused", detail=str(error))
    until = now() + PATIENCE
    while now() < until:
        with suppress(QStashError):
            logs = client.log.list(filter={"message_ids": [receipt.message_id]}, trim_body=2048).logs
            found = attempts(logs)
            if any(entry.state == "DELIVERED" for entry in logs):
                return ProbeMessage(state="delivered", attempt=found[0])
            if any(entry.state == "FAILED" for entry in logs):
                _bury(client, receipt.message_id)
                return ProbeMessage(state="failed", attempt=found[0] if found else None)
        sleep(_EVERY)
    return ProbeMessage(state="waiting")


def _bury(client: QStash, message_id: str) -> None:
    with suppress(QStashError):
        for letter in client.dlq.list(filter={"message_id": message_id}).messages:
            if letter.message_id == message_id:
                client.dlq.delete(letter.dlq_id)
