"""What one workflow run sends to start another one: an envelope of the payload, and of who waits for the result. Pure.

Spec: https://upstash.com/docs/workflow/basics/context/invoke
"""

from typing import Any, NamedTuple

from ..model import Invoker, Refused
from .headers import of_lists
from .steps import step_of, written

MOST_NESTED = 100
"""Runs that may be waiting, each for the next one."""


class Invocation(NamedTuple):
    payload: bytes
    invoker: Invoker
    step_id: int


def read_invocation(body: bytes) -> Invocation:
    """Refused with 412: the SDK that sends it takes any 400 for the end of its run."""
    fields = step_of(body)
    if not fields:
        raise _invalid("it must be a JSON object")
    payload = fields.get("body")
    if payload is not None and not isinstance(payload, str):
        raise _invalid("body must be a text")
    run_id, created_at = fields.get("workflowRunId"), fields.get("workflowRunCreatedAt")
    if not isinstance(run_id, str) or not isinstance(created_at, int):
        raise _invalid("workflowRunId and workflowRunCreatedAt must name a run")
    found: Any = fields.get("step")
    step: dict[str, Any] = found if isinstance(found, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    step_id = step.get("stepId")
    if not isinstance(step_id, int) or isinstance(step_id, bool) or not 0 < step_id < 2**31:
        raise _invalid("step must have a stepId from 1 on")
    return Invocation(
        payload=(payload or "").encode("utf-8", "replace"),
        invoker=Invoker(
            run_id=run_id.encode("utf-8", "replace").decode(),
            created_at=created_at / 1000,
            url=str(fields.get("workflowUrl") or ""),
            headers=of_lists(fields.get("headers"), "headers of the invoking run"),
            step=written(step),
        ),
        step_id=step_id,
    )


def _invalid(why: str) -> Refused:
    return Refused(412, f"invalid request to invoke a workflow: {why}")
