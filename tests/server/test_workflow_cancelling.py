"""Cancelling many workflow runs with one call: which are meant, and how many those were."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from qstash_integrations.server.model import Publication
from tests.server.driver import NOW
from tests.server.local import Local
from tests.server.workflow_sdk import Sdk

SHOP, SHOPS, DOUBLE = "https://a.example/shop", "https://a.example/shops?a,b", "https://a.example//shop"
MINUTE = 60_000  # milliseconds
BEGAN = round(NOW * 1000)


@pytest.fixture
def local() -> Iterator[Local]:
    """Four runs, a minute apart."""
    local = Local(now=NOW)
    start(local, "one", SHOP, Upstash_Label="eu,vip", Upstash_Flow_Control_Key="crm")
    start(local, "two", SHOPS, Upstash_Label="eu", Upstash_Delay="1h")
    start(local, "three", DOUBLE, caller_ip="198.51.100.1", Upstash_Flow_Control_Key="mail")
    start(local, "four", SHOP, Upstash_Label="us")
    local.engine.claiming.claim(1)
    yield local
    local.engine.close()


def start(local: Local, run_id: str, url: str, caller_ip: str = "203.0.113.9", **headers: str) -> None:
    given = Sdk(local, run_id).initial(**headers).headers
    given = (*((name, value) for name, value in given if name != "Upstash-Workflow-Url"), ("Upstash-Workflow-Url", url))
    key = {"Upstash-Flow-Control-Value": "parallelism=9"} if "Upstash_Flow_Control_Key" in headers else {}
    local.engine.publishing.publish(
        Publication(destination=url, headers=(*given, *key.items()), body=b"", caller_ip=caller_ip)
    )
    local.now += 60


def cancel(local: Local, *query: tuple[str, object], body: object = b"") -> Any:
    status, answer = local("DELETE", f"/v2/workflows/runs?{urlencode(query)}", body)
    assert status == 200, answer
    return answer["cancelled"]


def states(local: Local) -> dict[str, str]:
    runs = local("GET", "/v2/workflows/logs").json["runs"]
    return {run["workflowRunId"]: run["workflowState"] for run in runs}


def cancelled(local: Local) -> set[str]:
    return {run_id for run_id, state in states(local).items() if state == "RUN_CANCELED"}


FILTERS: dict[str, tuple[list[tuple[str, object]], set[str]]] = {
    "nothing": ([], {"one", "two", "three", "four"}),
    "an id": ([("workflowRunIds", "two")], {"two"}),
    "ids, repeated": ([("workflowRunIds", "two"), ("workflowRunIds", "three")], {"two", "three"}),
    "ids, with a comma": ([("workflowRunIds", "two,three")], {"two", "three"}),
    "ids, one of them unknown": ([("workflowRunIds", "two,none")], {"two"}),
    "ids, beside which no filter counts": ([("workflowRunIds", "two"), ("label", "us")], {"two"}),
    "how a URL begins": ([("workflowUrl", SHOP)], {"one", "two", "four"}),
    "how a URL with two slashes begins": ([("workflowUrl", "https://a.example//")], {"three"}),
    "a whole URL": ([("workflowUrl", SHOP), ("workflowUrlExactMatch", "true")], {"one", "four"}),
    "a whole URL with a comma": ([("workflowUrl", SHOPS), ("workflowUrlExactMatch", "true")], {"two"}),
    "no whole URL": ([("workflowUrl", "https://a.example"), ("workflowUrlExactMatch", "true")], set()),
    "a label": ([("label", "eu")], {"one", "two"}),
    "one of two labels": ([("label", "vip"), ("label", "us")], {"one", "four"}),
    "a label and how a URL begins": ([("label", "eu"), ("workflowUrl", f"{SHOP}s")], {"two"}),
    "a flow-control key": ([("flowControlKey", "crm")], {"one"}),
    "who called": ([("callerIp", "198.51.100.1")], {"three"}),
    "from when on": ([("fromDate", BEGAN + 2 * MINUTE)], {"three", "four"}),
    "until when": ([("toDate", BEGAN + MINUTE)], {"one", "two"}),
    "from when on and until when": ([("fromDate", BEGAN + 1), ("toDate", BEGAN + 2 * MINUTE)], {"two", "three"}),
    "so many, the oldest": ([("count", 3)], {"one", "two", "three"}),
    "so many of a label": ([("label", "eu"), ("count", 1)], {"one"}),
}


@pytest.mark.parametrize(("query", "expected"), FILTERS.values(), ids=FILTERS)
def test_those_are_cancelled_that_are_asked_for(local: Local, query: list[tuple[str, object]], expected: Any) -> None:
    assert cancel(local, *query) == len(expected)
    assert cancelled(local) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [({"workflowRunIds": ["two", "three"]}, {"two", "three"}), ({"workflowUrl": f"{SHOP}s"}, {"two"})],
)
def test_a_filter_may_be_in_the_body(local: Local, body: object, expected: set[str]) -> None:
    assert cancel(local, body=body) == len(expected)
    assert cancelled(local) == expected


def test_a_run_counts_once(local: Local) -> None:
    assert [cancel(local, ("workflowRunIds", "one,two,none")) for _ in range(2)] == [2, 0]


def test_runs_that_are_over_do_not_count(local: Local) -> None:
    local("DELETE", "/v2/workflows/runs/one?cancel=false")
    assert cancel(local) == 3
    assert states(local)["one"] == "RUN_SUCCESS"


@pytest.mark.parametrize("query", ["workflowUrll=a", "fromDate=soon", "count=0", "count=many"])
def test_what_is_no_filter_cancels_nothing(local: Local, query: str) -> None:
    assert local("DELETE", f"/v2/workflows/runs?{query}").status == 400
    assert cancelled(local) == set()
