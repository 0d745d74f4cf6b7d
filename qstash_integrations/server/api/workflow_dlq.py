"""Workflow runs that failed: look, delete, restart, resume, call the failure function once more.

Unknown query parameters are refused here, too.

Spec: https://upstash.com/docs/workflow/rest/dlq/list
"""

from collections.abc import Sequence

from ..engine import Engine
from ..model import Filter, Header, Run, milliseconds
from .api_call import ApiCall, Parameters, Reply
from .contents import Fields
from .filters import FAILED_RUNS, check_known, count_of, earliest_first, filter_of, from_json, trim_of, value_of
from .publishing import split_destination
from .run_render import failed_run_fields

PAGE = 100
# With one commit, which nothing else waits out; the cursor says that there are more.
MOST_AT_ONCE = 1000


def list_all(engine: Engine, call: ApiCall) -> Reply:
    parameters = check_known(call.parameters, FAILED_RUNS)
    page = engine.failed_runs.page(
        filter_of(parameters, FAILED_RUNS, of_runs=True),
        cursor=value_of(parameters, "cursor"),
        count=count_of(parameters, PAGE, PAGE) or PAGE,
        earliest_first=earliest_first(parameters, True),
    )
    letters = [failed_run_fields(failed, trim_of(parameters)) for failed in page.items]
    return Reply(200, {"messages": letters, **({"cursor": page.cursor} if page.cursor else {})})


def get(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, failed_run_fields(engine.failed_runs.get(call.path["id"])))


def delete(engine: Engine, call: ApiCall) -> Reply:
    engine.failed_runs.delete(call.path["id"])
    return Reply()


def delete_many(engine: Engine, call: ApiCall) -> Reply:
    """By ids, which win over filters, or by filters; everything when neither is given, a part at a time."""
    parameters = check_known((*call.parameters, *from_json(call.json_object())), FAILED_RUNS)
    deleted, cursor = engine.dead_letters.delete_all(_wanted(parameters), count=_count(parameters))
    return Reply(200, {"deleted": deleted, **({"cursor": cursor} if cursor else {})})


def restart(engine: Engine, call: ApiCall) -> Reply:
    """``Upstash-*`` headers of the call replace what the run was started with; so for ``resume``."""
    return Reply(200, _run_fields(engine.failed_runs.restart(call.path["id"], _overrides(call))))


def resume(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _run_fields(engine.failed_runs.resume(call.path["id"], _overrides(call))))


def restart_many(engine: Engine, call: ApiCall) -> Reply:
    return _repeated(engine, call, resumed=False)


def resume_many(engine: Engine, call: ApiCall) -> Reply:
    return _repeated(engine, call, resumed=True)


def retry_callback(engine: Engine, call: ApiCall) -> Reply:
    return Reply(200, _run_fields(engine.failed_runs.tell_again(call.path["id"])))


def cancel_callback(engine: Engine, call: ApiCall) -> Reply:
    engine.failed_runs.stop_telling(call.path["id"])
    return Reply()


def _repeated(engine: Engine, call: ApiCall, *, resumed: bool) -> Reply:
    query = tuple((name, value) for name, value in call.parameters if not name.lower().startswith("upstash-"))
    parameters = check_known((*query, *from_json(call.json_object())), FAILED_RUNS)
    runs, cursor = engine.failed_runs.repeat_all(
        _wanted(parameters), count=_count(parameters), overrides=_overrides(call), resumed=resumed
    )
    return Reply(200, {"cursor": cursor or "", "workflowRuns": [_run_fields(run) for run in runs]})


def _overrides(call: ApiCall) -> Sequence[Header]:
    _, options = split_destination("", call.query)
    return (*options, *call.options)


def _count(parameters: Parameters) -> int:
    return count_of(parameters, MOST_AT_ONCE, PAGE) or MOST_AT_ONCE


def _wanted(parameters: Parameters) -> Filter:
    wanted = filter_of(parameters, FAILED_RUNS, of_runs=True)
    return Filter(dlq_ids=wanted.dlq_ids, of_runs=True) if wanted.dlq_ids else wanted


def _run_fields(run: Run) -> Fields:
    return {"workflowRunId": run.id, "workflowCreatedAt": milliseconds(run.created_at)}
