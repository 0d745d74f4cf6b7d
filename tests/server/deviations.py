"""Where the server answers otherwise than the description of the API says: on purpose, and each with its reason.

The description is known to be wrong in places, where the official SDKs and the older documentation agree against it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Deviation(NamedTuple):
    """A status that the description does not list for ``operation``, and a call that is answered with it."""

    operation: str
    status: int
    why: str
    target: str
    headers: Mapping[str, str] = {}
    body: Any = b""


# The description lists these for a few operations only, or not at all.
EVERYWHERE: Mapping[int, str] = {
    400: "what is malformed is refused, and the text says which field it is",
    401: "nothing is done without the token",
    414: "the path and query are longer than the server takes",
    431: "the request has more headers than the server takes",
}
# Two more that it never lists, and that no generated call may come to: 429 for more unfinished messages than the
# server bears, and 507 for a disk that is full.

_PUBLISH, _ENQUEUE = "POST /v2/publish/{destination}", "POST /v2/enqueue/{queueName}/{destination}"
_FROM_THE_SDKS = "the SDK for PHP takes only this status for a success"
_DUPLICATE = "a duplicate is told by its status too, as the older documentation says"
_UNKNOWN = "what is addressed must exist"
_LATER = "cancelling ends with the next delivery time, as the older documentation says"

DEVIATIONS = (
    Deviation(_PUBLISH, 201, _FROM_THE_SDKS, "/v2/publish/https://a.example/in"),
    Deviation(_PUBLISH, 202, _DUPLICATE, "/v2/publish/https://a.example/in", {"Upstash-Deduplication-Id": "seen"}),
    Deviation(_ENQUEUE, 202, _DUPLICATE, "/v2/enqueue/mail/https://a.example/in", {"Upstash-Deduplication-Id": "seen"}),
    Deviation("DELETE /v2/messages/{messageId}", 202, _LATER, "/v2/messages/{messageId}"),
    Deviation("DELETE /v2/messages", 202, _LATER, "/v2/messages?label=none"),
    Deviation(_PUBLISH, 404, _UNKNOWN, "/v2/publish/none"),
    Deviation("POST /v2/batch", 404, _UNKNOWN, "/v2/batch", body=[{"destination": "none"}]),
    Deviation("POST /v2/queues/{queueName}/pause", 404, _UNKNOWN, "/v2/queues/none/pause"),
    Deviation("POST /v2/queues/{queueName}/resume", 404, _UNKNOWN, "/v2/queues/none/resume"),
    Deviation("POST /v2/schedules/{scheduleId}/pause", 404, _UNKNOWN, "/v2/schedules/none/pause"),
    Deviation("POST /v2/schedules/{scheduleId}/resume", 404, _UNKNOWN, "/v2/schedules/none/resume"),
    Deviation(
        "DELETE /v2/topics/{urlGroupName}/endpoints",
        404,
        _UNKNOWN,
        "/v2/topics/none/endpoints",
        body={"endpoints": [{"name": "a"}]},
    ),
    Deviation(
        _PUBLISH,
        412,
        "a message can be put into a queue by a header, and the queues may be used up",
        "/v2/publish/https://a.example/in",
        {"Upstash-Queue-Name": "one-too-many"},
    ),
    Deviation(_ENQUEUE, 412, "the queues may be used up", "/v2/enqueue/one-too-many/https://a.example/in"),
    Deviation(
        "POST /v2/batch",
        412,
        "the queues may be used up",
        "/v2/batch",
        body=[{"destination": "https://a.example/in", "queue": "one-too-many"}],
    ),
    Deviation(
        "POST /v2/topics/{urlGroupName}/endpoints",
        412,
        "the URL groups may be used up",
        "/v2/topics/one-too-many/endpoints",
        body={"endpoints": [{"url": "https://a.example/in"}]},
    ),
)
"""Each is shown on the server of ``tests.server.described``, which has no room for another queue or URL group."""


def applied(description: dict[str, Any]) -> dict[str, Any]:
    """The description as this server keeps it."""
    failure = {"description": "", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            responses = operation["responses"]
            for status in EVERYWHERE:
                responses.setdefault(str(status), failure)
            for deviation in DEVIATIONS:
                if deviation.operation == f"{method.upper()} {path}":
                    success = responses.get("200", failure)
                    responses[str(deviation.status)] = success if deviation.status < 300 else failure
    schemas = description["components"]["schemas"]
    # "Canceled" to all SDKs, whose enumerations know no other spelling.
    schemas["LogEntry"]["properties"]["state"]["enum"].append("CANCELED")
    schemas["Error"]["additionalProperties"] = False
    _list_groups_bare(description)
    return description


def _list_groups_bare(description: dict[str, Any]) -> None:
    """What is published to a URL group is answered with a bare array: no SDK reads the object around it."""
    to_group = {"type": "array", "items": {"$ref": "#/components/schemas/PublishToUrlGroupResponse"}, "minItems": 1}
    published = {"oneOf": [{"$ref": "#/components/schemas/PublishResponse"}, to_group]}
    description["components"]["schemas"]["PublishResponse"]["required"] = ["messageId"]
    for operation in (_PUBLISH, _ENQUEUE):
        method, path = operation.split()
        for status in ("200", "201", "202"):
            if status in (responses := description["paths"][path][method.lower()]["responses"]):
                responses[status]["content"]["application/json"]["schema"] = published
    batch = description["paths"]["/v2/batch"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    batch["items"] = published
