"""What ``--json`` prints, a JSON schema for each command. Programs read it: what stands here stays."""

from collections.abc import Mapping
from typing import Any, TypeAlias

Schema: TypeAlias = Mapping[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
NUMBER: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|(\.\d+)?\+00:00)$"}
SHA: Schema = {"type": "string", "pattern": r"^sha256 [0-9a-f]{12} \(\d+ bytes\)$"}


def maybe(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def several(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def anything(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def record(may_have: Mapping[str, Schema] = {}, **fields: Schema) -> Schema:
    return {
        "type": "object",
        "properties": {**fields, **may_have},
        "required": [*fields],
        "additionalProperties": False,
    }


def done(name: str, schema: Schema = TEXT) -> Schema:
    return record(**{name: schema})


HEADERS: Schema = {"type": "object", "additionalProperties": several(SHA)}
VERIFICATION = record(
    by={"enum": ["endpoint", "dependency", "hook", "middleware"]},
    bases=anything(TEXT),
    any_url=FLAG,
    url_match=TEXT,
    once=maybe(TEXT),
    inbox=maybe(TEXT),
    max_body_size=maybe(NUMBER),
    body_timeout=maybe({"type": "number"}),
    own_public_url=FLAG,
    own_keys=FLAG,
    problem=maybe(TEXT),
)
ROUTE = record(
    path=TEXT,
    methods=anything(TEXT),
    handler=TEXT,
    host=maybe(TEXT),
    verification=maybe(VERIFICATION),
    task=maybe(TEXT),
    decorated_late=FLAG,
    csrf_exempt=FLAG,
    behind_login=FLAG,
    urls=anything(TEXT),
    suspicion=maybe(TEXT),
)
HELD = {"message_id": TEXT, "url": TEXT, "method": TEXT, "max_retries": NUMBER, "created_at": MOMENT}
OF_A_MESSAGE: Mapping[str, Schema] = {
    "not_before": MOMENT,
    "body": SHA,
    "headers": HEADERS,
    "label": TEXT,
    "labels": several(TEXT),
    "caller_ip": TEXT,
}
OF_A_LETTER: Mapping[str, Schema] = {"response_headers": HEADERS, "response_body": SHA}
LETTER = record(
    dlq_id=TEXT, created_at=MOMENT, response_status=NUMBER, method=TEXT, url=TEXT, why=TEXT
)  # fmt: skip
LOG = record(
    time=MOMENT, state=TEXT, message_id=TEXT, url=TEXT, response_status=maybe(NUMBER), error=maybe(TEXT)
)  # fmt: skip
QUEUE = record(name=TEXT, parallelism=NUMBER, created_at=MOMENT, updated_at=MOMENT, lag=NUMBER, paused=FLAG)
URL_GROUP = record(
    name=TEXT,
    created_at=MOMENT,
    updated_at=MOMENT,
    endpoints=several(record(name=maybe(TEXT), url=TEXT)),
)
FLOW_CONTROL = record(
    key=TEXT,
    wait_list_size=NUMBER,
    parallelism_max=NUMBER,
    parallelism_count=NUMBER,
    rate_max=NUMBER,
    rate_count=NUMBER,
    rate_period=NUMBER,
    rate_period_start=NUMBER,
    is_paused=FLAG,
    is_pinned_parallelism=FLAG,
    is_pinned_rate=FLAG,
)
KEY = record(key={"type": "string", "pattern": r"^sig_\*\*\* \(sha256 [0-9a-f]{8}\)$"}, is_here=FLAG)
KEYS = record(current=KEY, next=KEY)
VALUE: Schema = {"type": ["string", "integer", "null"]}
DIFFERENCE = record(field=TEXT, held=VALUE, wanted=VALUE)
PLANNED = record(id=TEXT, name=TEXT, action=TEXT, renamed_from=anything(TEXT), differences=anything(DIFFERENCE))
PLAN = {"app": TEXT, "environment": TEXT, "drift": FLAG, "foreign": NUMBER, "schedules": several(PLANNED)}
SCHEDULE = record(
    id=TEXT,
    name=TEXT,
    cron=TEXT,
    destination=TEXT,
    paused=FLAG,
    last_at=maybe(MOMENT),
    next_at=maybe(MOMENT),
    last_states={"type": "object", "additionalProperties": TEXT},
    error=maybe(TEXT),
)
SENT = record(
    sent=NUMBER, refused=NUMBER, parked=NUMBER, lost=NUMBER, pause_seconds={"type": "number"}, error=maybe(TEXT)
)  # fmt: skip
PARKED = record(id=TEXT, created_at=MOMENT, tries=NUMBER, error=maybe(TEXT))

FINDING = record(
    id={"type": "string", "pattern": "^Q[1-6][0-9]{2}$"},
    severity={"enum": ["error", "warning", "info"]},
    sentence=TEXT,
    remedy=TEXT,
    page={"type": "string", "pattern": r"^docs/doctor\.md#q[0-9]{3}$"},
)
STATE: Schema = {"type": "string", "pattern": "^(done|not asked|skipped: .+)$"}
DOCTOR = record(
    framework=maybe(TEXT),
    framework_version=maybe(TEXT),
    probe_url=maybe({"type": "string", "pattern": "^https?://[^?#@]+$"}),
    stages=record(offline=STATE, account=STATE, unsigned=STATE, signed=STATE, published=STATE),
    findings=anything(FINDING),
    exit_code={"enum": [0, 1, 2]},
)

SCHEMAS: Mapping[str, Schema] = {
    "doctor": DOCTOR,
    "routes": several(ROUTE),
    "sign": record(url=TEXT, method=TEXT, headers={"type": "object", "additionalProperties": TEXT}, curl=TEXT),
    "publish": record(messages=several(record(message_id=TEXT, url=maybe(TEXT), deduplicated=FLAG))),
    "publish-many": record(accepted=NUMBER, failed=anything(record(line=NUMBER, error=TEXT))),
    "messages get": record(OF_A_MESSAGE, **HELD),
    "messages cancel": done("cancelled", NUMBER),
    "dlq list": several(LETTER),
    "dlq show": record({**OF_A_MESSAGE, **OF_A_LETTER}, **HELD, dlq_id=TEXT, response_status=NUMBER),
    "dlq retry": record(retried=NUMBER, missing=anything(TEXT)),
    "dlq delete": record(deleted=NUMBER, missing=anything(TEXT)),
    "logs": LOG,
    "queues list": several(QUEUE),
    "queues show": QUEUE,
    "queues set": done("set"),
    "queues pause": done("paused"),
    "queues resume": done("resumed"),
    "queues delete": done("deleted"),
    "url-groups list": several(URL_GROUP),
    "url-groups show": URL_GROUP,
    "url-groups add": done("added", NUMBER),
    "url-groups remove": done("removed", NUMBER),
    "url-groups delete": done("deleted"),
    "flow-control list": several(FLOW_CONTROL),
    "flow-control show": FLOW_CONTROL,
    "flow-control pause": done("paused"),
    "flow-control resume": done("resumed"),
    "flow-control pin": done("pinned"),
    "flow-control unpin": done("unpinned"),
    "keys show": KEYS,
    "keys rotate": KEYS,
    "schedules list": several(SCHEDULE),
    "schedules plan": record(**PLAN),
    "schedules check": record(**PLAN),
    "schedules sync": record(**PLAN, applied=anything(TEXT), problems={"type": "object", "additionalProperties": TEXT}),
    "schedules pause": done("paused", several(TEXT)),
    "schedules resume": done("resumed", several(TEXT)),
    "outbox relay": SENT,
    "outbox stats": record(
        store=TEXT,
        waiting=NUMBER,
        overdue=NUMBER,
        parked=NUMBER,
        sent=NUMBER,
        oldest_at=maybe(MOMENT),
        oldest_seconds=maybe({"type": "number"}),
        parked_rows=anything(PARKED),
    ),
    "outbox requeue": done("requeued", NUMBER),
    "outbox prune": done("pruned", NUMBER),
    "inbox prune": done("pruned", NUMBER),
    "inbox stats": record(marks=NUMBER, oldest_at=maybe(NUMBER), newest_at=maybe(NUMBER), prunable=NUMBER),
}
# A JSON document per line.
LINES = ("logs", "outbox relay")
