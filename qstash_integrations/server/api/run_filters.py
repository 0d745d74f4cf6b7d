"""Filters of Workflow runs as the query spells them, or a JSON body with the same names."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..engine.log import STATES
from ..model import Refused, RunFilter
from .api_call import Parameters
from .filters import integer, too_much, values_of
from .json_text import MOST_VALUES

# Our field, and whether its values may be separated by commas: URLs contain those.
_TEXTS: Mapping[str, tuple[str, bool]] = {
    "workflowrunid": ("ids", True),
    "workflowrunids": ("ids", True),
    "workflowruns": ("runs", True),
    "workflowurl": ("urls", False),
    "state": ("states", True),
    "label": ("labels", True),
    "messageid": ("message_ids", True),
    "flowcontrolkey": ("flow_keys", True),
    "callerip": ("caller_ips", True),
}
_INSTANTS = {"fromdate": "from_at", "todate": "to_at"}
_RUN = re.compile(r".+@[0-9]{1,15}", re.ASCII | re.DOTALL)
RUN_STATES = ("RUN_STARTED", "RUN_SUCCESS", "RUN_FAILED", "RUN_CANCELED")
EVENT_STATES = (*RUN_STATES, *STATES)

CANCELS = frozenset(
    (
        "workflowrunids", "workflowrunid", "workflowurl", "workflowurlexactmatch", "label", "fromdate", "todate",
        "callerip", "flowcontrolkey", "count",
    )
)  # fmt: skip
RUNS = frozenset((*_TEXTS, *_INSTANTS, "workflowcreatedat"))


def run_filter_of(
    parameters: Parameters, known: Iterable[str], *, prefixes: bool = False, states: Sequence[str] = RUN_STATES
) -> RunFilter:
    """What is asked for by the ``known`` names (lower-case); other names are left aside.

    With ``prefixes``, a URL means all that begin with it, but beside ``workflowUrlExactMatch=true``.
    """
    names = frozenset(known)
    found: defaultdict[str, list[Any]] = defaultdict(list)
    instants: dict[str, float] = {}
    for name, value in parameters:
        lower = name.lower()
        if lower not in names:
            continue
        if lower in _TEXTS:
            field, commas = _TEXTS[lower]
            found[field] += values_of(name, value, commas)
        elif lower == "workflowcreatedat":
            found["created_at"] += [integer(name, text) / 1000 for text in values_of(name, value)]
        elif lower in _INSTANTS:
            instants[_INSTANTS[lower]] = integer(name, value) / 1000
        elif lower == "workflowurlexactmatch":
            prefixes = value.lower() != "true"
    if sum(map(len, found.values())) > MOST_VALUES:
        raise too_much()
    found["states"] = [_state(text, states) for text in found["states"]]
    _check_runs(found["runs"])
    if prefixes and "urls" in found:
        found["url_prefixes"] = found.pop("urls")
    fields: dict[str, Any] = {**{field: tuple(values) for field, values in found.items()}, **instants}
    return RunFilter(**fields)


def alone(wanted: RunFilter, field: str) -> RunFilter:
    """Where this field names runs, these: no other filter counts beside it."""
    values = getattr(wanted, field)
    return RunFilter(**{field: values}) if values else wanted


def _state(text: str, known: Sequence[str]) -> str:
    state = text.upper().replace("CANCELLED", "CANCELED")
    if state not in known:
        raise Refused(400, f"invalid state {text[:40]!r}: use one of {', '.join(known)}")
    return state


def _check_runs(runs: Iterable[str]) -> None:
    for run in runs:
        if not _RUN.fullmatch(run):
            raise Refused(400, f"invalid workflowRuns {run[:80]!r}: it must be <run id>@<milliseconds>")
