"""Callbacks: an attempt's outcome as a new message to the callback URL. Pure.

A callback is a message like any other, except that nobody is told of its attempts: only of its failure, if at all.

Spec: https://upstash.com/docs/qstash/features/callbacks
"""

import json
from base64 import b64encode
from typing import Any

from .. import identifiers
from ..model import CallbackOptions, Draft, Message, Options, Outcome, Redaction, milliseconds
from ..rules.headers import by_name


def callback(options: CallbackOptions, message: Message, outcome: Outcome, now: float, dlq_id: str | None) -> Draft:
    """``dlq_id`` is for failure callbacks only. ``message`` is as it was during the attempt."""
    headers = options.headers
    if not any(name == "Content-Type" for name, _ in headers):
        headers = (("Content-Type", "application/json"), *headers)
    return Draft(
        id=identifiers.message_id(),
        url=options.url,
        body=json.dumps(payload(message, outcome, dlq_id), separators=(",", ":")).encode(),
        options=Options(
            method=options.method,
            headers=headers,
            retries=message.options.retries if options.retries is None else options.retries,
            retry_delay=options.retry_delay,
            timeout=options.timeout,
            flow_control=options.flow_control,
            labels=options.labels,
            redaction=of_callback(message.options.redaction, options.redaction),
            failure_callback=options.failure_callback,
            hops=message.options.hops,
        ),
        created_at=now,
        due_at=now,
        caller_ip=message.caller_ip,
        # Of a callback's failure callback as well: its queue waits for both.
        source=message.seq if message.source is None else message.source,
    )


def payload(message: Message, outcome: Outcome, dlq_id: str | None) -> dict[str, Any]:
    """What a callback's body says."""
    optional = {
        "dlqId": dlq_id,
        "topicName": message.topic,
        "endpointName": message.endpoint,
        "scheduleId": message.schedule_id,
    }
    return {
        "status": outcome.status,
        "header": by_name(outcome.headers),
        "body": _base64(outcome.body or outcome.error.encode("utf-8", "replace")),
        "retried": message.retried,
        "maxRetries": message.options.retries,
        "sourceMessageId": message.id,
        "url": message.url,
        "method": message.options.method,
        "sourceHeader": by_name(message.options.headers),
        "sourceBody": _base64(message.body),
        "notBefore": milliseconds(message.not_before_at),
        "createdAt": milliseconds(message.created_at),
        "callerIP": message.caller_ip,
        **{name: value for name, value in optional.items() if value is not None},
    }


def of_callback(hidden: Redaction | None, own: Redaction | None = None) -> Redaction | None:
    """The callback's body carries all of the message: what is hidden there must not show here."""
    if hidden is None:
        return own
    own = own or Redaction()
    return Redaction(
        body=True,
        all_headers=hidden.all_headers or own.all_headers,
        headers=tuple(dict.fromkeys((*hidden.headers, *own.headers))),
    )


def _base64(body: bytes) -> str:
    return b64encode(body).decode("ascii")
