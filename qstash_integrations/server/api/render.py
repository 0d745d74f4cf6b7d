"""Messages, dead letters and log entries as the API shows them. What a publisher wanted redacted leaves as a hash.

Spec: https://upstash.com/docs/qstash/api-reference and https://upstash.com/docs/qstash/features/redaction
"""

import codecs
import hashlib
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

from ..model import DeadLetter, Event, Header, Message, Options, Outcome, Redaction, milliseconds
from .api_call import text_of

Fields = dict[str, Any]


def message_fields(message: Message, trim: int | None = None) -> Fields:
    """``trim``, here and below: how many bytes of each body are shown at most."""
    return {
        "messageId": message.id,
        "url": message.url,
        **_origin(message),
        **option_fields(message.options),
        "maxRetries": message.options.retries,
        "notBefore": milliseconds(message.not_before_at),
        "createdAt": milliseconds(message.created_at),
        **body_fields(message.body, message.options.redaction, trim),
    }


def dead_letter_fields(letter: DeadLetter, trim: int | None = None) -> Fields:
    outcome = letter.outcome
    return {
        **message_fields(letter.message, trim),
        "dlqId": letter.id,
        "responseStatus": outcome.status,
        **given(responseHeader=header_fields(outcome.headers)),
        # What explains the failure where nothing was answered.
        **byte_fields("responseBody", outcome.body or outcome.error.encode(), trim),
    }


def event_fields(event: Event, trim: int | None = None) -> Fields:
    message = event.message
    options = option_fields(message.options)
    for singular in ("callbackHeader", "failureCallbackHeader"):
        if singular in options:
            options[f"{singular}s"] = options.pop(singular)
    if message.options.retry_delay is not None:
        # The documented name, and the one that the official Python SDK reads.
        options["retryDelayExpr"] = message.options.retry_delay
    if message.options.timeout is not None:
        options["timeout"] = message.options.timeout * 1000
    return {
        "time": milliseconds(event.at),
        "messageId": message.id,
        "state": event.state,
        "url": message.url,
        **_origin(message),
        **options,
        "maxRetries": message.options.retries,
        **given(
            body=_base64(shown_body(message.body, message.options.redaction)[:trim]),
            error=event.error,
            nextDeliveryTime=None if event.next_at is None else milliseconds(event.next_at),
        ),
        # QStash tells no more of an attempt that succeeded, nor of the last one a second time.
        **(_response_fields(event.outcome, trim) if event.outcome is not None and event.state == "ERROR" else {}),
    }


def option_fields(options: Options) -> Fields:
    """What messages, schedules and log entries say of a publisher's options, all but retries, delay and timeout."""
    redaction = options.redaction
    callback, failure_callback, flow = options.callback, options.failure_callback, options.flow_control
    return given(
        method=options.method,
        header=header_fields(options.headers, redaction),
        callback=callback and callback.url,
        callbackHeader=callback and header_fields(callback.headers, redaction),
        failureCallback=failure_callback and failure_callback.url,
        failureCallbackHeader=failure_callback and header_fields(failure_callback.headers, redaction),
        retryDelayExpression=options.retry_delay,
        label=options.labels[0] if options.labels else None,
        labels=list(options.labels) or None,
        flowControlKey=flow and flow.key,
        parallelism=flow and flow.parallelism,
        rate=flow and flow.rate,
        period=flow and flow.period,
    )


def header_fields(headers: Iterable[Header], redaction: Redaction | None = None) -> dict[str, list[str]] | None:
    """Every name with the list of its values; None when there is none."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(_shown_header(name, value, redaction))
    return found or None


def body_fields(body: bytes, redaction: Redaction | None, trim: int | None = None) -> Fields:
    return byte_fields("body", shown_body(body, redaction), trim)


def byte_fields(name: str, raw: bytes, trim: int | None = None) -> Fields:
    """As text where it is UTF-8, else in base64 under another name; nothing where there is nothing."""
    shown = raw[:trim]
    try:
        # A character that the cut went through is left out.
        text = codecs.getincrementaldecoder("utf-8")().decode(shown, final=len(shown) == len(raw))
    except UnicodeDecodeError:
        return {f"{name}Base64": b64encode(shown).decode("ascii")}
    return {name: text} if text else {}


def _origin(message: Message) -> Fields:
    return given(
        topicName=message.topic,
        endpointName=message.endpoint,
        queueName=message.queue,
        scheduleId=message.schedule_id,
        callerIP=message.caller_ip or None,
    )


def _response_fields(outcome: Outcome, trim: int | None) -> Fields:
    headers = header_fields(outcome.headers)
    return given(
        responseStatus=outcome.status,
        responseBody=_base64(outcome.body[:trim]),
        # The documented name, and the one that the official Python SDK reads.
        responseHeaders=headers,
        responseHeader=headers,
    )


def shown_body(body: bytes, redaction: Redaction | None) -> bytes:
    return _redacted(body).encode() if body and redaction is not None and redaction.body else body


def _shown_header(name: str, value: str, redaction: Redaction | None) -> str:
    raw = value.encode("latin-1")
    if redaction is not None and (redaction.all_headers or name.lower() in map(str.lower, redaction.headers)):
        return _redacted(raw)
    return text_of(raw)


def _redacted(raw: bytes) -> str:
    return f"REDACTED:{hashlib.sha256(raw).hexdigest()}"


def _base64(raw: bytes) -> str | None:
    return b64encode(raw).decode("ascii") if raw else None


def given(**fields: Any) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
