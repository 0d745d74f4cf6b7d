"""Attempts of QStash at one message: each has a token of its own."""

from contextlib import suppress
from itertools import count
from typing import Any

from qstash_integrations import Receiver
from tests.hosts import Request, Send
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

OPTIONS: dict[str, Any] = {"receiver": Receiver(CURRENT, NEXT, now=lambda: NOW), "public_url": ORIGIN}
DUPLICATE = b'{"duplicate":true}'
_numbers = count(1)


def attempt(number: int | None = None) -> Request:
    """``number`` tells tokens of several processes apart."""
    token = signed(b"hi", jti=f"jwt_TESTONLY{next(_numbers) if number is None else number:08}")
    headers = [("Upstash-Signature", token), ("Upstash-Message-Id", "msg_1")]
    return Request("/hooks/ship", headers, b"hi")


def send_twice(send: Send) -> list[bytes]:
    """What was answered to two attempts, but for one at which the app failed."""
    answers: list[bytes] = []
    for _ in range(2):
        with suppress(LookupError):
            answers.append(send(attempt()).body)
    return answers
