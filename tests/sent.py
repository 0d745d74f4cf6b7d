"""A QStash for the programs in README and on the pages: it takes everything, and keeps what it was sent."""

import json
from typing import Any

from qstash_integrations._core.publishing.client import APIRequest, APIResponse


class Sent(list[APIRequest]):
    """What the publishers send."""

    def __call__(self, call: APIRequest) -> APIResponse:
        self.append(call)
        receipt: Any = {"messageId": f"msg_{len(self)}"}
        if call.url.endswith("/schedules"):
            return APIResponse(200, b"[]")
        if "/schedules/" in call.url:
            receipt = {"scheduleId": "daily"}
        elif call.url.endswith("/batch"):
            receipt = [receipt] * len(json.loads(call.body or b""))
        elif "/publish/" in call.url and "://" not in call.url.partition("/publish/")[2]:
            receipt = [{**receipt, "url": "https://a.example"}]
        return APIResponse(201, json.dumps(receipt).encode())
