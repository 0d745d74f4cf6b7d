"""Messages, dead letters and log entries as the API shows them.

Spec: https://upstash.com/docs/qstash/api-reference
"""

from base64 import b64encode

from ..model import DeadLetter, Event, Message, Outcome, milliseconds
from .contents import Fields, body_fields, byte_fields, given, header_fields, shown_body
from .option_fields import option_fields


def message_fields(message: Message, trim: int | None = None) -> Fields:
    """``trim``, here and below: how many bytes of each body are shown at most."""
    return {
        "messageId": message.id,
        "url": message.url,
        **option_fields(message.options, "messages"),
        **_origin(message),
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
    return {
        "time": milliseconds(event.at),
        "messageId": message.id,
        "state": event.state,
        "url": message.url,
        **option_fields(message.options, "logs"),
        **_origin(message),
        **given(
            # The documented name of what the official Python SDK reads as retryDelayExpression.
            retryDelayExpr=message.options.retry_delay,
            body=_base64(shown_body(message.body, message.options.redaction)[:trim]),
            error=event.error,
            nextDeliveryTime=None if event.next_at is None else milliseconds(event.next_at),
        ),
        # QStash tells no more of an attempt that succeeded, nor of the last one a second time.
        **(_response_fields(event.outcome, trim) if event.outcome is not None and event.state == "ERROR" else {}),
    }


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


def _base64(raw: bytes) -> str | None:
    return b64encode(raw).decode("ascii") if raw else None
