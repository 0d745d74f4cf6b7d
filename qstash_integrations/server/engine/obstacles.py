"""Why a message cannot be delivered at this moment, and what to do about it."""

from ..model import Message
from ..tables import Store

_OVER = {
    "DELIVERED": "was delivered already: replay it to send it again",
    "FAILED": "failed for good: retry its dead letter, or replay it",
    "CANCELED": "was canceled: replay it to send it again",
}


def obstacle(store: Store, message: Message) -> str | None:
    """A sentence; None where nothing but its time is missing."""
    name = f"message {message.id!r}"
    if message.ended is not None:
        return f"{name} {_OVER[message.ended]}"
    if message.state == "active":
        return f"{name} is being delivered right now: wait for the answer"
    if message.state == "queued":
        queue = store.queues.slots(message.queue or "")
        if queue is not None and queue.paused:
            return f"queue {message.queue!r} is paused: resume it"
        return f"{name} waits behind others of queue {message.queue!r}: raise the queue's parallelism, or wait for them"
    if message.state == "held" and store.messages.is_parked(message.seq):
        return f"{name} waits for a slot at its destination, which has as many requests as it may: wait for one to end"
    flow = store.flows.get(message.flow_key) if message.flow_key is not None else None
    if flow is not None and flow.paused:
        return f"flow-control key {message.flow_key!r} is paused: resume it"
    if message.state == "held":
        return f"flow-control key {message.flow_key!r} has used up its limit: raise it, or wait for its turn"
    return None
