"""What a plan allows: all of it is taken, and more is 412, which no SDK of Workflow takes for a run that is gone."""

from collections.abc import Iterator

import pytest

from qstash_integrations.server.model import Limits, Quota
from tests.server.local import URL, Local

# The most that each plan takes, one more, and how it is refused.
OPTIONS: list[tuple[Quota | None, str, str, str, str]] = [
    (None, "Retries", "20", "21", "quota maxRetries exceeded, current limit: 20"),
    ("free", "Retries", "3", "4", "quota maxRetries exceeded, current limit: 3"),
    ("payg", "Retries", "5", "6", "quota maxRetries exceeded, current limit: 5"),
    ("pro", "Retries", "20", "1000000", "quota maxRetries exceeded, current limit: 20"),
    (None, "Timeout", "2h", "7201", "quota timeout exceeded, current limit: 7200"),
    ("free", "Timeout", "15m", "15m1s", "quota timeout exceeded, current limit: 900"),
    ("payg", "Timeout", "2h", "2h0.5s", "quota timeout exceeded, current limit: 7200"),
    (None, "Delay", "1y", "2y", "quota maxDelay exceeded, current limit: 31622400"),
    ("free", "Delay", "1w", "1w1s", "quota maxDelay exceeded, current limit: 604800"),
]
CALLS = {
    "publish": "/v2/publish/https://a.example",
    "enqueue": "/v2/enqueue/mail/https://a.example",
    "schedule": "/v2/schedules/https://a.example",
}


@pytest.fixture
def local() -> Iterator[Local]:
    local = Local()
    yield local
    local.store.close()


@pytest.mark.sampled("call")
@pytest.mark.parametrize(("quota", "option", "most", "more", "text"), OPTIONS, ids=str)
@pytest.mark.parametrize("call", CALLS)
def test_what_a_plan_allows_of_an_option_is_taken_and_more_is_412(
    quota: Quota | None, option: str, most: str, more: str, text: str, call: str
) -> None:
    local = Local(limits=Limits.of_quota(quota), now=1_800_000_000.0)
    cron = {"Upstash-Cron": "* * * * *"} if call == "schedule" else {}
    assert local("POST", CALLS[call], b"", {**cron, f"Upstash-{option}": most}).status in (200, 201)
    refused = local("POST", CALLS[call], b"", {**cron, f"Upstash-{option}": more})
    assert (refused.status, refused.json) == (412, {"error": text})
    local.store.close()


def test_a_moment_is_no_further_away_than_a_delay() -> None:
    local = Local(limits=Limits.of_quota("free"), now=1_800_000_000.0)
    assert local("POST", f"/v2/publish/{URL}", b"", {"Upstash-Not-Before": "1800604800"}).status == 201
    assert local("POST", f"/v2/publish/{URL}", b"", {"Upstash-Not-Before": "1800604801"}).json == {
        "error": "quota maxDelay exceeded, current limit: 604800"
    }
    local.store.close()


@pytest.mark.parametrize("option", ["Callback", "Failure-Callback", "Callback-Failure-Callback"])
@pytest.mark.parametrize(("setting", "value"), [("Retries", "21"), ("Timeout", "3h")])
def test_a_callback_has_the_quotas_of_its_message(local: Local, option: str, setting: str, value: str) -> None:
    outer = option.removesuffix("-Failure-Callback")
    urls = dict.fromkeys((f"Upstash-{outer}", f"Upstash-{option}"), "https://a.example/cb")
    headers = {**urls, f"Upstash-{option}-{setting}": value}
    assert local("POST", f"/v2/publish/{URL}", b"", headers).status == 412


def test_one_message_over_a_quota_refuses_its_batch(local: Local) -> None:
    items = [{"destination": URL}, {"destination": URL, "headers": {"Upstash-Retries": "1000000"}}]
    refused = local("POST", "/v2/batch", items)
    assert (refused.status, refused.json) == (
        412, {"error": "message 1: quota maxRetries exceeded, current limit: 20"}
    )  # fmt: skip
    assert local.engine.inspection.overview().unfinished == 0


def test_no_way_leads_around_a_quota(local: Local) -> None:
    local("POST", "/v2/topics/group/endpoints", {"endpoints": [{"url": URL}]})
    assert local("PATCH", "/v2/topics/group", {"headers": {"Upstash-Retries": "21"}}).status == 412
    local.publish(Retries="0")
    local.deliver(500)
    (letter,) = local("GET", "/v2/dlq").json["messages"]
    assert local("POST", f"/v2/dlq/retry/{letter['dlqId']}", b"", {"Upstash-Retries": "21"}).status == 412


@pytest.mark.parametrize(("quota", "mebibytes"), [(None, 10), ("free", 1), ("payg", 10), ("pro", 50)])
def test_a_body_is_as_large_as_the_plan_allows(quota: Quota | None, mebibytes: int) -> None:
    local = Local(limits=Limits.of_quota(quota))
    size = mebibytes * 1024 * 1024
    local.publish(URL, bytes(size))
    refused = local("POST", f"/v2/publish/{URL}", bytes(size + 1))
    assert (refused.status, refused.json) == (
        412, {"error": f"quota maxMessageSize exceeded, current limit: {size}"}
    )  # fmt: skip
    local.store.close()


def test_a_batch_is_larger_than_any_of_its_messages(local: Local) -> None:
    items = [{"destination": URL, "body": "x" * 9_000_000}] * 3
    assert local("POST", "/v2/batch", items).status == 200


def test_what_is_counted_by_a_plan_is_counted_so_far() -> None:
    local = Local(limits=Limits.of_quota("free"))
    endpoints = {"endpoints": [{"url": URL}]}
    assert local("POST", "/v2/topics/one/endpoints", endpoints).status == 200
    assert local("POST", "/v2/topics/two/endpoints", endpoints).json == {
        "error": "quota maxTopics exceeded, current limit: 1"
    }
    assert local("POST", "/v2/queues", {"queueName": "mail", "parallelism": 3}).status == 412
    local.store.close()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5", 2), ("1h30m", 5400), ("1w", 604_800), ("1mo", 2_592_000), ("1y", 31_536_000)],
)
def test_a_delay_is_what_the_sdks_write(local: Local, text: str, seconds: int) -> None:
    local.publish(Delay=text)
    local.now += seconds - 1
    assert local.engine.claiming.claim(1) == []
    local.now += 1
    assert len(local.engine.claiming.claim(1)) == 1


@pytest.mark.parametrize(("text", "wait"), [("90", 0.09), ("1.5s", 1.5), ("1m", 60.0), ("2w", 86_400.0)])
def test_a_retry_delay_is_an_expression_or_a_duration(local: Local, text: str, wait: float) -> None:
    local.publish(Retry_Delay=text)
    local.deliver(500)
    assert local.engine.claiming.next_due_at() == round(local.now + wait, 3)


@pytest.mark.parametrize(("text", "seconds"), [("1m", 60), ("1.5m", 90), ("30", 30), ("1w", 604_800)])
def test_a_period_of_flow_control_is_what_the_sdks_write(local: Local, text: str, seconds: int) -> None:
    local.publish(Flow_Control_Key="crm", Flow_Control_Value=f"rate=1,period={text}")
    assert local("GET", "/v2/flowControl/crm").json["ratePeriod"] == seconds
