"""Workflow runs as their log shows them. What was to be redacted for a run is a hash in all of its steps.

Spec: https://upstash.com/docs/workflow/rest/runs/logs
"""

import json
import math
from base64 import b64decode
from contextlib import suppress
from typing import Any

from ..model import Outcome, Redaction, milliseconds
from ..model.run_history import FailedRun, Failure, FailureLog, Group, LoggedStep, RunEvent, RunLog
from .api_call import text_of
from .contents import Fields, body_fields, given, header_fields, shown_body
from .render import dead_letter_fields, event_fields

_BROKEN = "upstash-error-step-name"
_WAITS = ("Wait", "WaitForWebhook")


def run_fields(log: RunLog, trim: int | None = None) -> Fields:
    """``trim``, here and below: how many bytes of each body are shown at most."""
    run = log.run
    redaction = run.settings.options.redaction
    return {
        "workflowRunId": run.id,
        "workflowUrl": run.url,
        "workflowState": run.state,
        "workflowRunCreatedAt": milliseconds(run.created_at),
        **given(
            workflowRunCompletedAt=None if run.ended_at is None else milliseconds(run.ended_at),
            workflowRunResponse=None if run.response is None else _text(run.response, redaction, trim),
            workflowRunCallerIp=run.caller_ip or None,
            label=run.labels[0] if run.labels else None,
            labels=list(run.labels) or None,
            flowControlKey=run.flow_key,
            dlqId=run.dlq_id,
            invoker=run.invoker
            and {
                "workflowRunId": run.invoker.run_id,
                "workflowUrl": run.invoker.url,
                "workflowRunCreatedAt": milliseconds(run.invoker.created_at),
            },
            failureFunction=log.failure_call and failure_call_fields(log.failure_call, trim),
        ),
        "steps": [_group_fields(group, redaction, trim) for group in log.groups],
    }


def run_event_fields(event: RunEvent, trim: int | None = None) -> Fields:
    """A message's entry in the log with its run and its step, or what happened to a run itself."""
    run, step = event.run, event.step
    message = event.event and event.event.message
    return {
        **(event_fields(event.event, trim) if event.event else {}),
        "time": milliseconds(event.at),
        "state": event.state,
        "workflowRunId": run.id,
        "workflowUrl": run.url,
        "workflowCreatedAt": milliseconds(run.created_at),
        **given(label=run.labels[0] if run.labels else None, labels=list(run.labels) or None),
        **(
            {
                "stepInfo": given(
                    stepId=step.id,
                    targetStep=step.target,
                    stepName=step.name or ("init" if message.entry == 0 else None),
                    stepType=step.type or ("Initial" if message.entry == 0 else None),
                    concurrent=step.concurrent,
                    callType=message.call_type,
                    messageId=message.id,
                )
            }
            if message
            else {}
        ),
    }


def failed_run_fields(failed: FailedRun, trim: int | None = None) -> Fields:
    """A dead letter, with the headers and the payload that the run was started with."""
    run, call = failed.run, failed.failure_call
    redaction = run.settings.options.redaction
    letter = dead_letter_fields(failed.letter, trim)
    shown = {name: value for name, value in letter.items() if name not in ("header", "body", "bodyBase64")}
    return {
        **shown,
        "workflowRunId": run.id,
        "workflowCreatedAt": milliseconds(run.created_at),
        "workflowUrl": run.url,
        **given(
            header=header_fields(failed.headers, redaction),
            label=run.labels[0] if run.labels else None,
            labels=list(run.labels) or None,
            failureFunctionState=call and call.state,
            failureCallbackInfo=call and {"state": call.state, **answer_fields(call, trim)},
        ),
        **body_fields(failed.payload, redaction, trim),
    }


def failure_call_fields(call: FailureLog, trim: int | None = None) -> Fields:
    message = call.sent.message
    return {
        "messageId": message.id,
        "url": message.url,
        "state": call.state,
        "failStatus": call.failed.status,
        "failResponse": _answered(call.failed, trim),
        "failHeaders": header_fields(call.failed.headers) or {},
        "maxRetries": message.options.retries,
        **given(dlqId=call.dlq_id, errors=_errors(call.sent.failures, trim)),
        **answer_fields(call, trim),
    }


def answer_fields(call: FailureLog, trim: int | None = None) -> Fields:
    """What a failure function answered last; nothing before it did."""
    failures = call.sent.failures
    answer = call.sent.answer or (failures[-1].outcome if failures else None)
    if answer is None:
        return {}
    return {
        "responseStatus": answer.status,
        "responseBody": _answered(answer, trim),
        "responseHeaders": header_fields(answer.headers) or {},
    }


def _group_fields(group: Group, redaction: Redaction | None, trim: int | None) -> Fields:
    shown = _next_fields if group.type == "next" else _step_fields
    return {"type": group.type, "steps": [shown(step, redaction, trim) for step in group.steps]}


def _next_fields(step: LoggedStep, _: Redaction | None, trim: int | None) -> Fields:
    return {
        "messageId": step.message_id,
        "state": step.state,
        **_sent_fields(step),
        **given(stepName=_broken_step(step.failures), errors=_errors(step.failures, trim)),
    }


def _broken_step(failures: tuple[Failure, ...]) -> str | None:
    """The name that the SDK gives of the step which it could not execute, in its last answer."""
    headers = failures[-1].outcome.headers if failures else ()
    encoded = next((value for name, value in headers if name.lower() == _BROKEN), None)
    return None if encoded is None else text_of(encoded.encode("latin-1", "replace"))


def _step_fields(step: LoggedStep, redaction: Redaction | None, trim: int | None) -> Fields:
    facts = step.facts
    return {
        **given(stepId=step.id or None),
        "stepName": _plain(facts.get("stepName")),
        "stepType": _plain(facts.get("stepType")),
        "callType": "toCallback" if facts.get("stepType") == "Call" and "out" not in facts else "step",
        "messageId": step.message_id,
        "concurrent": step.concurrent,
        "state": step.state,
        "createdAt": milliseconds(step.created_at),
        **_sent_fields(step),
        **given(
            out=_out(step, redaction, trim),
            headers=step.sent and header_fields(step.sent.message.options.headers, redaction) if not step.id else None,
            errors=_errors(step.failures, trim),
            sleepFor=_given(facts.get("sleepFor")),
            sleepUntil=_instant(facts.get("sleepUntil")),
        ),
        **_call_fields(step, redaction, trim),
        **_wait_fields(step),
        **_invoked_fields(step, redaction, trim),
    }


def _sent_fields(step: LoggedStep) -> Fields:
    if step.sent is None:
        return {}
    message = step.sent.message
    is_open = step.state in ("STEP_PROGRESS", "STEP_RETRY")
    later = is_open and message.state in ("waiting", "held", "queued") and message.due_at > message.created_at
    return {
        "retries": message.options.retries,
        **given(
            retryDelay=message.options.retry_delay,
            nextDeliveryTime=milliseconds(message.due_at) if later else None,
        ),
    }


def _out(step: LoggedStep, redaction: Redaction | None, trim: int | None) -> str | None:
    if not step.id:
        return _text(step.payload or b"", redaction, trim)
    out = step.facts.get("out")
    if not isinstance(out, str):
        return None
    if step.facts.get("stepType") in _WAITS:
        # The event's own bytes, which only these two steps have encoded.
        with suppress(ValueError):
            return _text(b64decode(out, validate=True), redaction, trim)
    return _text(out.encode("utf-8", "replace"), redaction, trim)


def _call_fields(step: LoggedStep, redaction: Redaction | None, trim: int | None) -> Fields:
    if step.facts.get("stepType") != "Call":
        return {}
    found: Fields = {}
    if step.call is not None:
        message = step.call.message
        found = given(
            callUrl=message.url,
            callMethod=message.options.method,
            callHeaders=header_fields(message.options.headers, redaction) or {},
            callBody=_text(message.body, redaction, trim),
        )
    answer = _object(step.facts.get("out"))
    if answer is not None:
        body = answer.get("body")
        shown = body if isinstance(body, str) else json.dumps(body)
        found |= given(
            callResponseStatus=answer.get("status"),
            callResponseBody=_text(shown.encode("utf-8", "replace"), redaction, trim),
            callResponseHeaders=answer.get("header"),
        )
    return found


def _wait_fields(step: LoggedStep) -> Fields:
    facts = step.facts
    return given(
        waitEventId=facts.get("waitEventId"),
        waitTimeoutDuration=facts.get("timeout") if facts.get("stepType") in _WAITS else None,
        waitTimeoutDeadline=None if step.waiting is None else milliseconds(step.waiting.deadline_at),
        waitTimeout=facts.get("waitTimeout"),
    )


def _invoked_fields(step: LoggedStep, redaction: Redaction | None, trim: int | None) -> Fields:
    invoked = step.invoked
    if invoked is None:
        return {}
    options = invoked.run.settings.options
    return {
        "invokedWorkflowRunId": invoked.run.id,
        "invokedWorkflowUrl": invoked.run.url,
        "invokedWorkflowCreatedAt": milliseconds(invoked.run.created_at),
        "invokedWorkflowRunBody": _text(invoked.payload, options.redaction or redaction, trim),
        "invokedWorkflowRunHeaders": header_fields(options.headers, options.redaction or redaction) or {},
    }


def _errors(failures: tuple[Failure, ...], trim: int | None) -> list[Fields] | None:
    return [
        {
            "error": failure.outcome.error or f"the destination answered {failure.outcome.status}",
            "status": failure.outcome.status,
            "body": _answered(failure.outcome, trim),
            "headers": header_fields(failure.outcome.headers) or {},
            "time": milliseconds(failure.at),
        }
        for failure in failures
    ] or None


def _answered(outcome: Outcome, trim: int | None) -> str:
    return text_of(outcome.body[:trim])


def _text(raw: bytes, redaction: Redaction | None, trim: int | None) -> str:
    return text_of(shown_body(raw, redaction)[:trim])


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _given(span: Any) -> Any:
    """A number or a text with a unit; JSON has no infinity."""
    return span if isinstance(span, str) or (isinstance(span, int | float) and math.isfinite(span)) else None


def _instant(seconds: Any) -> int | None:
    return round(seconds * 1000) if isinstance(seconds, int | float) and math.isfinite(seconds) else None


def _object(text: Any) -> Fields | None:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None  # pyright: ignore[reportUnknownVariableType]
