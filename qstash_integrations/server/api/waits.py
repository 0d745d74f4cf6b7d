"""Events that workflow runs wait for: wait, notify, who waits, and the webhooks of runs, for which there is no token.

Spec: https://upstash.com/docs/workflow/basics/context/waitForEvent and https://upstash.com/docs/workflow/basics/client/notify
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from ..._core.durations import parse_duration
from ..engine import Engine
from ..model import Header, Notified, Refused, Wait, Waiter, milliseconds
from ..rules.headers import by_name, of_lists
from ..rules.results import of_wait
from ..rules.steps import written
from ..rules.workflow import RUN_ID
from .api_call import ApiCall, Reply
from .contents import Fields, header_fields
from .json_text import is_object

LONGEST_ID = 1024
LONGEST_TIMEOUT = 100
_DEFAULT_TIMEOUT = "7d"


def wait(engine: Engine, call: ApiCall) -> Reply:
    """The SDK reads no more than the status: 400 says that the run is over, and nothing else says so."""
    engine.waiting.wait(_wait(event_id(call), call.json_object(), call))
    return Reply(200, {})


def notify(engine: Engine, call: ApiCall) -> Reply:
    """``<event>``, or ``<run>/<event>`` where the first part is the id of a run."""
    whole = event_id(call)
    run_id, slash, event = whole.partition("/")
    if slash and event and engine.waiting.knows(run_id):
        notified = engine.waiting.notify_run(run_id, event, call.body)
    else:
        notified = engine.waiting.notify(whole, call.body)
    return Reply(201, [_notified_fields(one) for one in notified])


def waiters(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, [_waiter_fields(waiter) for waiter in engine.waiting.waiters(event_id(call))])


def check_hook(engine: Engine, path: Mapping[str, str]) -> None:
    """Strangers may not have bodies read for runs that there are not."""
    engine.waiting.check_hook(path["run"])


def hook(engine: Engine, call: ApiCall) -> Reply:
    """Whoever knows the run may call it, by any method; what waits for the event is given the request."""
    host = next((value for name, value in call.headers if name.lower() == "host"), "")
    request = {
        "method": call.method,
        "header": by_name(call.headers),
        **({"body": b64encode(call.body).decode("ascii")} if call.body else {}),
        "proto": "http",
        "host": host,
        "url": f"{call.target}?{call.query}" if call.query else call.target,
    }
    engine.waiting.call_hook(call.path["run"], event_id(call), json.dumps(request, separators=(",", ":")).encode())
    return Reply()


def event_id(call: ApiCall) -> str:
    """As the path has it, slashes included."""
    found = unquote(call.path["event"])
    if not found or len(found) > LONGEST_ID:
        raise Refused(412, f"invalid event id: it must have 1 to {LONGEST_ID} characters")
    return found


def _wait(event: str, given: Mapping[str, Any], call: ApiCall) -> Wait:
    headers = of_lists(given.get("timeoutHeaders"), "timeoutHeaders")
    step = given.get("step")
    if not is_object(step):
        raise Refused(412, "invalid step: it must be an object")
    step_id = step.get("stepId")
    if not isinstance(step_id, int) or isinstance(step_id, bool) or not 0 < step_id < 2**31:
        raise Refused(412, f"invalid stepId {str(step_id)[:40]!r}: it must be a number from 1 on")
    url = given.get("url")
    timeout = _text_of(given.get("timeout"))
    if len(timeout) > LONGEST_TIMEOUT:
        raise Refused(412, f"invalid timeout: longer than {LONGEST_TIMEOUT} characters")
    try:
        seconds = parse_duration(timeout, "timeout").total_seconds()
    except ValueError as error:
        raise Refused(412, f"invalid timeout: {error}") from error
    return Wait(
        run_id=_run_id((*headers, *call.headers)),
        event_id=event,
        step_id=step_id,
        url=url if isinstance(url, str) else "",
        timeout=timeout,
        seconds=seconds,
        headers=headers,
        step=written(step),
    )


def _text_of(timeout: Any) -> str:
    """A number counts seconds."""
    if isinstance(timeout, str) and timeout:
        return timeout
    return _DEFAULT_TIMEOUT if timeout in (None, "") else f"{timeout}s"


def _run_id(headers: tuple[Header, ...]) -> str:
    """The real headers win."""
    return {name.lower(): value.strip() for name, value in headers}.get(RUN_ID, "")


def _notified_fields(notified: Notified) -> Fields:
    return {
        "waiter": _waiter_fields(notified.waiter),
        "messageId": notified.message_id,
        "workflowRunId": notified.run.id,
        "workflowCreatedAt": milliseconds(notified.run.created_at),
        **({"deduplicated": True} if notified.deduplicated else {}),
    }


def _waiter_fields(waiter: Waiter) -> Fields:
    headers = header_fields(waiter.headers) or {}
    return {
        "url": waiter.url,
        "deadline": int(waiter.deadline_at),
        "headers": headers,
        "timeoutUrl": waiter.url,
        "timeoutBody": of_wait(waiter, None).decode(),
        "timeoutHeaders": headers,
    }
