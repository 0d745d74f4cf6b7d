"""Genuine and forged requests for the benchmarks that verify, all under one pair of keys."""

import qstash

from qstash_integrations import Receiver
from qstash_integrations.testing import sign

# As long as QStash's own: of a shorter one PyJWT warns the official receiver at every call.
CURRENT = "sig_9KWbnv2PUYq4cWNpC3jR7m1xDtHs"
NEXT = "sig_4RzTq8sHfXyB6gLkVn2wQe5aJuMd"
WRONG = "sig_1MvCx7dNhPzK3tYbGs8rLq6eWoTf"
ORIGIN = "https://api.example.com"
URL = f"{ORIGIN}/hook"
KIB = b"x" * 1024


def token(body: bytes = KIB, key: str = CURRENT, url: str = URL) -> str:
    """Good for five minutes, as QStash's own are."""
    return sign(url=url, body=body, key=key)["Upstash-Signature"]


def ours() -> Receiver:
    return Receiver(CURRENT, NEXT)


def official() -> qstash.Receiver:
    return qstash.Receiver(current_signing_key=CURRENT, next_signing_key=NEXT)
