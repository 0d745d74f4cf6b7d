"""Which Workflow runs a query asks for."""

from typing import Any

import pytest

from qstash_integrations.server.api.run_filters import CANCELS, RUNS, alone, run_filter_of
from qstash_integrations.server.model import Refused, RunFilter

URL = "https://app.example.com//workflow?a,b"


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([("workflowRunId", "wfr_a,wfr_b")], {"ids": ("wfr_a", "wfr_b")}),
        ([("workflowRunIds", "wfr_a"), ("workflowRunIds", "wfr_b")], {"ids": ("wfr_a", "wfr_b")}),
        ([("workflowUrl", URL)], {"urls": (URL,)}),
        ([("workflowCreatedAt", "1800000000123")], {"created_at": (1800000000.123,)}),
        ([("workflowRuns", "wfr_a@1,wfr_b@2")], {"runs": ("wfr_a@1", "wfr_b@2")}),
        ([("state", "RUN_FAILED,run_cancelled")], {"states": ("RUN_FAILED", "RUN_CANCELED")}),
        ([("label", "a"), ("label", "b")], {"labels": ("a", "b")}),
        ([("messageId", "msg_a")], {"message_ids": ("msg_a",)}),
        ([("flowControlKey", "crm"), ("callerIp", "10.0.0.1")], {"flow_keys": ("crm",), "caller_ips": ("10.0.0.1",)}),
        ([("fromDate", "1500"), ("toDate", "2500")], {"from_at": 1.5, "to_at": 2.5}),
        ([("trimBody", "1")], {}),
    ],
)
def test_each_name_is_a_filter_of_runs(parameters: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    wanted = run_filter_of(tuple(parameters), RUNS)
    assert wanted == RunFilter(**expected)


@pytest.mark.parametrize(
    ("exact", "expected"),
    [
        ([], RunFilter(url_prefixes=(URL,))),
        ([("workflowUrlExactMatch", "true")], RunFilter(urls=(URL,))),
        ([("workflowUrlExactMatch", "false")], RunFilter(url_prefixes=(URL,))),
    ],
)
def test_a_url_can_mean_all_that_begin_with_it(exact: list[tuple[str, str]], expected: RunFilter) -> None:
    assert run_filter_of((("workflowUrl", URL), *exact), CANCELS, prefixes=True) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        [("state", "STARTED")],
        [("workflowRuns", "wfr_a")],
        [("workflowRuns", "wfr_a@soon")],
        [("workflowCreatedAt", "soon")],
        [("workflowRunId", "")],
        [("label", ",".join("a" * 20_001))],
    ],
)
def test_what_means_nothing_is_refused(parameters: list[tuple[str, str]]) -> None:
    with pytest.raises(Refused) as refused:
        run_filter_of(tuple(parameters), RUNS)
    assert refused.value.status == 400


def test_beside_named_runs_no_other_filter_counts() -> None:
    assert alone(RunFilter(ids=("a",), labels=("b",)), "ids") == RunFilter(ids=("a",))
    assert alone(RunFilter(runs=("a@1",), ids=("a",)), "runs") == RunFilter(runs=("a@1",))
    assert alone(RunFilter(labels=("b",)), "ids") == RunFilter(labels=("b",))
