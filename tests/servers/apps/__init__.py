"""One small app per kind of framework, each started by a server of its own: a verified handler on every path.

The handler answers with what it saw, and ``/ran``, which is open, with all that any handler ever saw.
"""

import hashlib

from qstash_integrations import Delivery
from qstash_integrations._core.receiving.asgi_host import Receive, Send
from qstash_integrations._core.receiving.guard import GuardOptions
from tests.servers.options import options_from_environment

RAN = "/ran"
SLOW = "/slow"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OPTIONS: GuardOptions = options_from_environment()
IMPATIENT: GuardOptions = {**OPTIONS, "body_timeout": 0.5}
_seen: list[str] = []


def handle(shown: bytes, delivery: object) -> str:
    """What the framework shows of the body, what was verified of it, and the URL that it was signed for."""
    assert isinstance(delivery, Delivery)
    seen = f"{hashlib.sha256(shown).hexdigest()} {hashlib.sha256(delivery.body).hexdigest()} {delivery.claims.sub}"
    _seen.append(seen)
    return seen


async def start_and_stop(receive: Receive, send: Send) -> None:
    """The lifespan of an app without a framework."""
    while (await receive())["type"] == "lifespan.startup":
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def ran() -> str:
    return "\n".join(_seen)
