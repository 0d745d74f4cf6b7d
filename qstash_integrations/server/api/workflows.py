"""Workflow runs: the steps of one, its end, and the end of many.

Spec: https://upstash.com/docs/workflow/basics/client
"""

from collections import defaultdict
from collections.abc import Mapping

from ..engine import Engine
from ..model import RunFilter
from .api_call import ApiCall, Parameters, Reply
from .filters import check_known, count_of, from_json, integer, too_much, value_of, values_of
from .json_text import MOST_VALUES

MOST_AT_ONCE = 1000
# Our field, and whether its values may be separated by commas: URLs contain those.
_TEXTS: Mapping[str, tuple[str, bool]] = {
    "workflowrunid": ("ids", True),
    "workflowrunids": ("ids", True),
    "workflowurl": ("urls", False),
    "label": ("labels", True),
    "callerip": ("caller_ips", True),
    "flowcontrolkey": ("flow_keys", True),
}
_KNOWN = frozenset((*_TEXTS, "workflowurlexactmatch", "fromdate", "todate", "count"))


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
    parameters = check_known((*call.parameters, *from_json(call.json_object())), _KNOWN)
    count = count_of(parameters, None, MOST_AT_ONCE)
    return Reply(200, {"cancelled": engine.workflows.cancel_all(_wanted(parameters), count)})


def _wanted(parameters: Parameters) -> RunFilter:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in parameters:
        if name.lower() in _TEXTS:
            field, commas = _TEXTS[name.lower()]
            found[field] += values_of(name, value, commas)
    if sum(map(len, found.values())) > MOST_VALUES:
        raise too_much()
    if found["ids"]:
        return RunFilter(ids=found["ids"])
    exact = (value_of(parameters, "workflowUrlExactMatch") or "").lower() == "true"
    return RunFilter(
        urls=found["urls"] if exact else (),
        url_prefixes=() if exact else found["urls"],
        labels=found["labels"],
        caller_ips=found["caller_ips"],
        flow_keys=found["flow_keys"],
        from_at=_instant(parameters, "fromDate"),
        to_at=_instant(parameters, "toDate"),
    )


def _instant(parameters: Parameters, name: str) -> float | None:
    text = value_of(parameters, name)
    return None if text is None else integer(name, text) / 1000
