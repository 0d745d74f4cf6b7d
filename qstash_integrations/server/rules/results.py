"""Results of steps that the server makes itself: of a wait, and of an invoked run. Pure.

Both stand in the run's list like any step of the SDK, which has told how the step begins.

Spec: https://upstash.com/docs/workflow/basics/context/waitForEvent and https://upstash.com/docs/workflow/basics/context/invoke
"""

import json
from base64 import b64encode
from typing import Any

from ..model import RunState, Waiter


def of_wait(waiter: Waiter, event: bytes | None) -> bytes:
    """What came, or None where nothing did in time."""
    own = {"waitEventId": waiter.event_id, "timeout": waiter.timeout, "waitTimeout": event is None}
    return _result(waiter.step, own if event is None else {**own, "out": b64encode(event).decode("ascii")})


def of_invoked(step: str, state: RunState, response: bytes | None) -> bytes:
    """How a run ended that ``step`` started; only one that succeeded says what it returned."""
    out: dict[str, Any] = {"isCanceled": state == "RUN_CANCELED", "isFailed": state == "RUN_FAILED"}
    if response is not None and state == "RUN_SUCCESS":
        out["body"] = response.decode("utf-8", "replace")
    return _result(step, {"out": json.dumps(out, separators=(",", ":"))})


def _result(step: str, own: dict[str, Any]) -> bytes:
    return json.dumps({**json.loads(step), **own}, separators=(",", ":")).encode()
