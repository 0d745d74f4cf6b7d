"""A shop in any framework that keeps what is delivered to it, and its publisher."""

import json
from collections.abc import Callable
from typing import Any

from qstash_integrations import Delivery, QStash
from tests.contract.calls import Call, Reply
from tests.contract.harnesses import HARNESSES

# What LocalQStash delivers to: each adapter's apps.
FRAMEWORKS = {
    name: harness
    for name, harness in HARNESSES.items()
    if harness.asgi or harness.exchange is None or name == "aiohttp"
}
ORIGIN = "https://testserver"
HOOK = f"{ORIGIN}/hooks/ship"


class Shop:
    """Orders are what was delivered; ``handler`` may publish, raise, or return another status, a number."""

    def __init__(self, framework: str = "asgi", **options: Any) -> None:
        self.orders: list[Any] = []
        self.deliveries: list[Delivery] = []
        self.handler: Callable[[Any], object] = lambda order: None
        app = FRAMEWORKS[framework].build(self._take, ("body",), options)
        self.app: Any = app() if framework == "aiohttp" else app
        self.qstash = QStash("a-token")

    def publish(self, body: Any, url: str = HOOK, **options: Any) -> str:
        """The id of the message."""
        return str(self.qstash.publish_json(url=url, body=body, **options).message_id)

    def _take(self, call: Call) -> Reply:
        assert isinstance(call.delivery, Delivery)
        self.deliveries.append(call.delivery)
        self.orders.append(json.loads(call.delivery.body))
        status = self.handler(self.orders[-1])
        return Reply(status if isinstance(status, int) else 200)
