"""What the dashboard shows of messages: bodies cut to what a person reads, the rest as files.

What a publisher wanted redacted is a hash here, too.
"""

import codecs
import json
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ..attempt import SignedRequest
from ..model import Event, Listed, Message, Overview, Related, milliseconds
from .contents import Fields, byte_fields, given, header_fields, shown_body
from .option_fields import option_fields
from .render import message_fields

LONGEST_SHOWN = 64 * 1024


def overview_fields(overview: Overview) -> Fields:
    return {
        "time": milliseconds(overview.now),
        "position": overview.position,
        "unfinished": overview.unfinished,
        "finished": overview.finished,
        "deadLetters": overview.dead_letters,
        "parallelismCount": overview.active,
        "parallelismMax": overview.parallelism,
    }


def listed_fields(listed: Listed) -> Fields:
    options = listed.options
    return {
        "messageId": listed.id,
        "state": listed.state,
        "method": options.method,
        "url": listed.url,
        "createdAt": milliseconds(listed.created_at),
        "nextDeliveryTime": milliseconds(listed.due_at),
        "attempts": listed.attempts,
        "retried": listed.retried,
        "maxRetries": options.retries,
        "isCallback": listed.is_callback,
        **_beginning(listed),
        **given(
            responseStatus=listed.status,
            finishedAt=None if listed.finished_at is None else milliseconds(listed.finished_at),
            dlqId=listed.dlq_id,
            sourceMessageId=listed.source_id,
            queueName=listed.queue,
            topicName=listed.topic,
            scheduleId=listed.schedule_id,
            labels=list(options.labels) or None,
            flowControlKey=options.flow_control and options.flow_control.key,
            signature=options.flaw,
        ),
    }


def _beginning(listed: Listed) -> Fields:
    """What tells it from others at a glance: the beginning of its body, or why there is none to be seen."""
    if not listed.size:
        return {"bodySize": 0}
    redaction = listed.options.redaction
    if redaction is not None and redaction.body:
        return {"bodySize": listed.size, "isRedacted": True}
    beginning = listed.beginning
    try:
        # A character that the cut went through is left out.
        text = codecs.getincrementaldecoder("utf-8")().decode(beginning, final=len(beginning) == listed.size)
    except UnicodeDecodeError:
        text = "\0"
    return {"bodySize": listed.size, **({"isBinary": True} if "\0" in text else {"body": text})}


def message_detail(message: Message, related: Related) -> Fields:
    options = message.options
    body = shown_body(message.body, options.redaction)
    return {
        **option_fields(options, None),
        **message_fields(replace(message, body=b"")),
        **_cut("body", body),
        "state": state_of(message),
        "retried": message.retried,
        "nextDeliveryTime": milliseconds(message.due_at),
        "isCallback": message.source is not None,
        "isRedacted": options.redaction is not None,
        **given(
            finishedAt=None if message.finished_at is None else milliseconds(message.finished_at),
            signature=options.flaw,
            dlqId=related.dlq_id,
            sourceMessageId=related.source_id,
            workflowRunId=related.run and related.run.id,
            workflowRunCreatedAt=related.run and milliseconds(related.run.created_at),
            callbacks=list(map(listed_fields, related.callbacks)) or None,
            failureCallbacks=list(map(listed_fields, related.failure_callbacks)) or None,
        ),
    }


def event_list(events: Iterable[Event]) -> list[Fields]:
    """Each attempt stands at the event that ended it, with its number; a last one is not told twice."""
    shown: list[Fields] = []
    attempt = 0
    for event in events:
        fields: Fields = {"time": milliseconds(event.at), "state": event.state}
        if event.next_at is not None:
            fields["nextDeliveryTime"] = milliseconds(event.next_at)
        if event.outcome is not None and event.state in ("DELIVERED", "ERROR"):
            attempt += 1
            fields |= {
                "attempt": attempt,
                "responseStatus": event.outcome.status,
                **given(error=event.error, responseHeader=header_fields(event.outcome.headers)),
                **_cut("responseBody", event.outcome.body),
            }
        shown.append(fields)
    return shown


def request_fields(message: Message, request: SignedRequest) -> Fields:
    forwarded = message.options.headers
    own = [header for header in request.headers if header not in forwarded]
    signature = next((value for name, value in own if name == "Upstash-Signature"), "")
    return {
        "method": request.method,
        "url": request.url,
        "header": {
            **(header_fields(forwarded, message.options.redaction) or {}),
            **(header_fields(own) or {}),
        },
        **given(claims=_claims(signature)),
    }


def state_of(message: Message) -> str:
    """As in a list."""
    if message.ended is not None:
        return message.ended.lower()
    return "retrying" if message.state == "waiting" and message.retried else message.state


def _cut(name: str, raw: bytes) -> Fields:
    """``...Size`` is that of the whole."""
    return {f"{name}Size": len(raw), **byte_fields(name, raw, LONGEST_SHOWN)}


def _claims(token: str) -> dict[str, Any] | None:
    """What a token says; None when it is missing or made malformed."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    claims: dict[str, Any] = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    return claims
