"""The log of Workflow runs, by run with its steps or by event; the same under the two paths.

Spec: https://upstash.com/docs/workflow/rest/runs/logs
"""

from ..engine import Engine
from ..model import Refused
from .api_call import ApiCall, Reply
from .filters import check_known, count_of, trim_of, value_of
from .run_filters import EVENT_STATES, RUNS, alone, run_filter_of
from .run_render import run_event_fields, run_fields

DEFAULT, MOST = 10, 100  # runs on one page
MOST_EVENTS = 1000
_PAGING = frozenset(("cursor", "count", "trimbody", "groupby"))


def events(engine: Engine, call: ApiCall) -> Reply:
    """By run where that is asked for; else one by one, the newest first."""
    if value_of(call.parameters, "groupBy") is not None:
        return runs(engine, call)
    parameters = check_known(call.parameters, RUNS | _PAGING)
    page = engine.run_log.events(
        alone(run_filter_of(parameters, RUNS, states=EVENT_STATES), "runs"),
        cursor=value_of(parameters, "cursor"),
        count=count_of(parameters, MOST_EVENTS, MOST_EVENTS) or MOST_EVENTS,
    )
    trim = trim_of(parameters)
    return Reply(
        200,
        {
            **({"cursor": page.cursor} if page.cursor else {}),
            "events": [run_event_fields(event, trim) for event in page.items],
        },
    )


def runs(engine: Engine, call: ApiCall) -> Reply:
    """The newest first."""
    parameters = check_known(call.parameters, RUNS | _PAGING)
    group_by = value_of(parameters, "groupBy")
    if group_by not in (None, "workflowRunId"):
        raise Refused(400, f"invalid groupBy {str(group_by)[:40]!r}: only workflowRunId is supported")
    page = engine.run_log.page(
        alone(run_filter_of(parameters, RUNS), "runs"),
        cursor=value_of(parameters, "cursor"),
        count=count_of(parameters, DEFAULT, MOST) or DEFAULT,
    )
    trim = trim_of(parameters)
    return Reply(
        200,
        {
            **({"cursor": page.cursor} if page.cursor else {}),
            "runs": [run_fields(run, trim) for run in page.items],
        },
    )
