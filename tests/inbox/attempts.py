"""Attempts of QStash at messages, each with a token of its own, and what somebody makes of a captured one."""

from itertools import count
from typing import Any

from qstash_integrations import Receiver
from tests.hosts import Request
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

OPTIONS: Any = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
DUPLICATE = (200, b'{"duplicate":true}')
REFUSED = (401, b'{"error":"invalid signature"}')
IN_PROGRESS = (409, b'{"error":"delivery in progress"}')
ROW, OTHER_ROW = "0197a5b3c4d5" + "0" * 20, "0197a5b3c4d6" + "0" * 20
_numbers = count(1)


def attempt(
    message: str = "msg_1", *, row: str | None = None, body: bytes = b"hi", target: str = "/hooks/ship", number: int = 0
) -> Request:
    """``number`` tells tokens of several processes apart."""
    token = signed(body, ORIGIN + target, jti=f"jwt_TESTONLY{number or next(_numbers):08}")
    headers = [("Upstash-Signature", token), ("Upstash-Message-Id", message)]
    return Request(target, headers if row is None else [*headers, ("Qstash-Outbox", row)], body)


def altered(captured: Request, method: str = "POST", **headers: str | None) -> Request:
    """With the same token, and other headers, none of which is signed."""
    changed = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    kept = [(name, value) for name, value in captured.headers if name.lower() not in changed]
    added = [(name, value) for name, value in changed.items() if value is not None]
    return captured._replace(headers=[*kept, *added], method=method)
