"""Workflow runs: the start of one without an SDK, its steps, its end, and the end of many.

Spec: https://upstash.com/docs/workflow/basics/client
"""

from ..engine import Engine
from ..model import Triggered, milliseconds
from .api_call import ApiCall, Reply
from .contents import Fields
from .filters import check_known, count_of, from_json, value_of
from .publishing import batched, publication
from .run_filters import CANCELS, alone, run_filter_of

MOST_AT_ONCE = 1000


def trigger(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _triggered_fields(engine.triggering.trigger(publication(call))))


def trigger_many(engine: Engine, call: ApiCall) -> Reply:
    return Reply(201, [_triggered_fields(one) for one in engine.triggering.trigger_all(batched(engine, call))])


def steps(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, engine.workflows.steps(call.path["id"]))


def delete(engine: Engine, call: ApiCall) -> Reply:
    """Cancelled, or with ``cancel=false`` over, as its workflow says; the body is what that returned."""
    if (value_of(call.parameters, "cancel") or "").lower() == "false":
        engine.workflows.end(call.path["id"], call.body or None)
    else:
        engine.workflows.cancel(call.path["id"])
    return Reply(200, "OK")


def cancel_many(engine: Engine, call: ApiCall) -> Reply:
    """By ids, which win over filters, or by filters; everything when neither is given."""
    parameters = check_known((*call.parameters, *from_json(call.json_object())), CANCELS)
    count = count_of(parameters, None, MOST_AT_ONCE)
    wanted = alone(run_filter_of(parameters, CANCELS, prefixes=True), "ids")
    return Reply(200, {"cancelled": engine.workflows.cancel_all(wanted, count)})


def _triggered_fields(triggered: Triggered) -> Fields:
    return {
        "workflowRunId": triggered.run.id,
        "workflowCreatedAt": milliseconds(triggered.run.created_at),
        **({"deduplicated": True} if triggered.deduplicated else {}),
    }
