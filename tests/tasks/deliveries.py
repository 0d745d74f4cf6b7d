"""From a message to what QStash makes of it, without a network."""

from typing import Any

from qstash_integrations import Claims, Delivery


def delivery_of(message: Any, *, attempt: int = 1, message_id: str | None = "msg_1") -> Delivery:
    """The delivery of what ``message()`` returned."""
    claims = Claims(
        sub=message.get("url") or message["destination"], body="", exp=9e9, nbf=0, iat=1_800_000_000, jti="j",
        key="current",
    )  # fmt: skip
    return Delivery(body=message["body"], claims=claims, message_id=message_id, retried=attempt - 1)
