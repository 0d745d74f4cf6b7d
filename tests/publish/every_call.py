"""Every call that a client can make, with every option that it takes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from qstash_integrations._core.publishing.message_options import DlqRetryOptions
from qstash_integrations._core.publishing.options import OPTIONS as TABLE
from qstash_integrations.chat import openai, resend
from tests.options.cases import CASES
from tests.publish.loopback import TOKEN, URL

INSTANT = datetime(2026, 11, 24, tzinfo=UTC)
# The queue is asked for on its own: not every call takes one.
OPTIONS: dict[str, Any] = {
    "body": {"id": 3},
    **{name: CASES[name].value for name, row in TABLE.items() if "message" in row.of and name != "queue"},
}
DELIVERY = {name: value for name, value in OPTIONS.items() if name == "body" or "schedule" in TABLE[name].of}
DEFAULTS = {name: value for name, value in DELIVERY.items() if name != "body"}
CRON = {"destination": URL, "cron": "CRON_TZ=Europe/Berlin 0 7 * * *"}
FILTER: dict[str, Any] = {
    "url": [URL, f"{URL}?a=b"],
    "url_group": "signups",
    "queue": ["mail", "images"],
    "schedule_id": "yearly",
    "label": ["a", "b"],
    "flow_control_key": "crm eu",
    "caller_ip": "203.0.113.9",
    "from_time": INSTANT,
    "to_time": INSTANT + timedelta(days=1),
}
OF_MESSAGES = {**FILTER, "host": "api.example.com", "path": ["/a", "/b"]}
OF_LETTERS = {**FILTER, "message_id": "msg_1", "response_status": [404, 500]}
OF_LOGS = {**OF_MESSAGES, "message_id": "msg_1", "message_ids": ["msg_1", "msg_2"], "state": "DELIVERED"}
RETRY: dict[str, Any] = {name: OPTIONS[name] for name in DlqRetryOptions.__annotations__}
LLM = {"name": "llm", "provider": openai(TOKEN)}
MAIL = {"name": "email", "provider": resend(TOKEN)}
Row = tuple[str, tuple[Any, ...], dict[str, Any]]
CALLS: dict[str, Row] = {
    "publish": ("message.publish", (), {"url": f"{URL}?a=b&c", **OPTIONS}),
    "publish text": ("message.publish", (), {"url": URL, "body": "hi", "content_type": "text/plain"}),
    "publish bytes": ("message.publish", (), {"url": URL, "body": b"\xff", "content_type": "application/octet-stream"}),
    "publish nothing": ("message.publish", (), {"url": URL}),
    "publish to a group": ("message.publish", (), {"url_group": "signups", **OPTIONS}),
    "publish_json": ("message.publish_json", (), {"url": URL, "body": {"id": 3}, "not_before": 1_800_000_000}),
    "publish_json of a list": ("message.publish_json", (), {"url": URL, "body": [1, 2]}),
    "publish to an LLM": ("message.publish_json", (), {"api": LLM, "body": {"model": "m"}, "callback": URL}),
    "publish a mail": ("message.publish_json", (), {"api": MAIL, "body": {"to": "a@b.example"}}),
    "enqueue": ("message.enqueue", (), {"url": URL, "queue": "mail", **OPTIONS}),
    "enqueue_json": ("message.enqueue_json", (), {"url_group": "signups", "queue": "mail", "body": {"id": 3}}),
    "batch": ("message.batch", ([{"url": URL, "queue": "mail", **OPTIONS}, {"url_group": "signups"}],), {}),
    "batch_json": ("message.batch_json", ([{"api": LLM, "body": {"model": "m"}, "callback": URL}],), {}),
    "message.get": ("message.get", ("msg_1",), {}),
    "message.cancel": ("message.cancel", ("msg_1",), {}),
    "message.cancel_many": ("message.cancel_many", (["msg_1", "msg_2"],), {}),
    "message.cancel_many by filter": ("message.cancel_many", (), {"filter": OF_MESSAGES, "count": 500}),
    "message.cancel_all": ("message.cancel_all", (), {"count": 500}),
    "queue.upsert": ("queue.upsert", ("mail",), {"parallelism": 2, "paused": True}),
    "queue.get": ("queue.get", ("mail",), {}),
    "queue.list": ("queue.list", (), {}),
    "queue.delete": ("queue.delete", ("mail",), {}),
    "queue.pause": ("queue.pause", ("mail",), {}),
    "queue.resume": ("queue.resume", ("mail",), {}),
    "schedule.create": ("schedule.create", (), {**CRON, **DELIVERY, "schedule_id": "yearly", "queue": "mail"}),
    "schedule.create_json": ("schedule.create_json", (), {**CRON, "body": {"id": 3}}),
    "schedule.get": ("schedule.get", ("yearly",), {}),
    "schedule.list": ("schedule.list", (), {}),
    "schedule.delete": ("schedule.delete", ("yearly",), {}),
    "schedule.pause": ("schedule.pause", ("yearly",), {}),
    "schedule.resume": ("schedule.resume", ("yearly",), {}),
    "url_group.upsert_endpoints": ("url_group.upsert_endpoints", ("signups", [{"url": URL, "name": "a"}]), {}),
    "url_group.remove_endpoints": ("url_group.remove_endpoints", ("signups", [{"url": URL}, {"name": "a"}]), {}),
    "url_group.set_defaults": ("url_group.set_defaults", ("signups",), DEFAULTS),
    "url_group.get": ("url_group.get", ("signups",), {}),
    "url_group.list": ("url_group.list", (), {}),
    "url_group.delete": ("url_group.delete", ("signups",), {}),
    "dlq.list": ("dlq.list", (), {"cursor": "1-1", "count": 100, "filter": OF_LETTERS}),
    "dlq.get": ("dlq.get", ("1-1",), {}),
    "dlq.delete": ("dlq.delete", ("1-1",), {}),
    "dlq.delete_many": ("dlq.delete_many", (["1-1", "2-2"],), {}),
    "dlq.delete_many by filter": ("dlq.delete_many", (), {"filter": OF_LETTERS, "count": 100}),
    "dlq.delete_all": ("dlq.delete_all", (), {"count": 100}),
    "dlq.retry": ("dlq.retry", ("1-1",), RETRY),
    "dlq.retry_many": ("dlq.retry_many", (["1-1", "2-2"],), RETRY),
    "dlq.retry_many by filter": ("dlq.retry_many", (), {"filter": OF_LETTERS, "count": 100, **RETRY}),
    "dlq.retry_all": ("dlq.retry_all", (), {"count": 100}),
    "log.list": ("log.list", (), {"cursor": "1-1", "count": 1000, "filter": OF_LOGS}),
    "log.list by message": (
        "log.list",
        (),
        {"group_by": "messageId", "cursor": "1-1", "count": 100, "order": "earliestFirst", "trim_body": 0},
    ),
    "signing_key.get": ("signing_key.get", (), {}),
    "signing_key.rotate": ("signing_key.rotate", (), {}),
    "flow_control.get": ("flow_control.get", ("crm eu",), {}),
    "flow_control.get_global_parallelism": ("flow_control.get_global_parallelism", (), {}),
    "flow_control.list": ("flow_control.list", (), {"search": "crm"}),
    "flow_control.pause": ("flow_control.pause", ("crm eu",), {}),
    "flow_control.resume": ("flow_control.resume", ("crm eu",), {}),
    "flow_control.pin": ("flow_control.pin", ("crm eu",), {"parallelism": 3, "rate": 5, "period": "1m"}),
    "flow_control.unpin": ("flow_control.unpin", ("crm eu",), {"parallelism": True, "rate": True}),
    "flow_control.reset_rate": ("flow_control.reset_rate", ("crm eu",), {}),
}
