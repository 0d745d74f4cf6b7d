"""What a run's workflow is told that is no step: a call's result, and that the run has failed. Pure.

Spec: https://upstash.com/docs/workflow/basics/context/call and https://upstash.com/docs/workflow/features/failure-callback
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ... import identifiers
from ...model import (
    INITIAL_BODY,
    CallbackOptions,
    CallType,
    Draft,
    Entry,
    Message,
    Options,
    Outcome,
    Run,
    milliseconds,
)
from ...rules.workflow import of_call_back, over
from ..callbacks import of_callback, payload
from .lists import steps_json


def result_of_call(run: Run, message: Message, options: CallbackOptions, outcome: Outcome, now: float) -> Draft:
    """Whatever the outcome, it is a result: the workflow sees what it makes of it."""
    kept = run.settings.options
    own = replace(
        kept,
        method=options.method,
        headers=over(kept.headers, options.headers),
        retries=kept.retries if options.retries is None else options.retries,
        retry_delay=options.retry_delay or kept.retry_delay,
        timeout=options.timeout or kept.timeout,
        flow_control=options.flow_control or kept.flow_control,
        redaction=of_callback(kept.redaction),
    )
    return _draft(options.url, payload(message, outcome, None), own, run, "fromCallback", message, now)


def failure_call(
    run: Run, message: Message, outcome: Outcome, entries: Sequence[Entry], dlq_id: str, now: float
) -> Draft | None:
    """None when nobody wants to be told."""
    options = message.options.failure_callback
    if options is None:
        return None
    source = entries[0].body if INITIAL_BODY in run.settings.features else steps_json(entries)
    own = Options(
        method=options.method,
        headers=options.headers,
        retries=message.options.retries if options.retries is None else options.retries,
        retry_delay=options.retry_delay,
        timeout=options.timeout,
        flow_control=options.flow_control,
        labels=message.options.labels,
        redaction=of_callback(message.options.redaction),
    )
    told = payload(replace(message, body=source, url=run.url), outcome, dlq_id)
    draft = _draft(options.url, told, own, run, "failureCall", message, now)
    return replace(draft, run=run.seq, call_type="failureCall")


def _draft(
    url: str, told: dict[str, Any], options: Options, run: Run, call_type: CallType, message: Message, now: float
) -> Draft:
    told = {**told, "workflowRunId": run.id, "workflowCreatedAt": milliseconds(run.created_at)}
    return Draft(
        id=identifiers.message_id(),
        url=url,
        body=json.dumps(told, separators=(",", ":")).encode(),
        options=replace(options, headers=of_call_back(options.headers, run, call_type)),
        created_at=now,
        due_at=now,
        caller_ip=message.caller_ip,
        source=message.seq,
    )
