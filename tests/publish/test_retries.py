"""Against a QStash that fails: no message is published twice, none is lost, nobody waits in vain."""

from typing import Any

import pytest

from qstash_integrations import APIError, ConfigurationError, DailyLimitError, RateLimitError, TransportError
from tests.publish.clients import MakeClient, on_one_client, on_trio_too
from tests.publish.loopback import ACCEPTED, CUT_SHORT, HANG_UP, SILENCE, URL, Act, answer, loopback


def backoff(retry: int) -> float:
    return 100 * (retry + 1)


def patience(failure: Act) -> float:
    """Seconds: few where no answer will come, many where it only takes as long as the machine is busy."""
    return 0.3 if failure is SILENCE else 30


FAST = {"backoff": backoff}
FAILURES: dict[str, Act] = {
    "a lost connection": HANG_UP,
    "an answer cut short": CUT_SHORT,
    "no answer at all": SILENCE,
    "something else than HTTP": b"220 mail.example ESMTP\r\n\r\n",
    "429": answer(429, {"error": "slow down"}),
    "500": answer(500, {"error": "oops"}),
    "502 with HTML": answer(502, b"<html>Bad Gateway</html>"),
    "503": answer(503, {"error": "later"}),
    "503 with Retry-After 0": answer(503, {"error": "later"}, Retry_After="0"),
}


@pytest.mark.sampled("make_client")
@on_trio_too
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_message_gets_through_and_is_published_once(make_client: MakeClient, failure: Act) -> None:
    with loopback(failure, failure, ACCEPTED) as qstash:
        client = make_client(base_url=qstash.url, retry=FAST, timeout=patience(failure))
        assert client("publish", url=URL, body=b"one").message_id == "msg_1"
    assert client.slept == [0.1, 0.2]
    assert [(sent.target, sent.body) for sent in qstash.sent] == [(f"/v2/publish/{URL}", b"one")] * 3
    # QStash tells the tries of one message by their id.
    [identity] = {sent.headers["upstash-deduplication-id"] for sent in qstash.sent}
    assert len(identity) == 32


@pytest.mark.sampled("make_client")
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_there_is_no_sleep_after_the_last_try(make_client: MakeClient, failure: Act) -> None:
    with loopback(failure) as qstash:
        client = make_client(base_url=qstash.url, retry={**FAST, "retries": 2}, timeout=patience(failure))
        with pytest.raises((APIError, TransportError)):
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept) == (3, [0.1, 0.2])


@pytest.mark.sampled("make_client")
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_retry_false_is_one_try(make_client: MakeClient, failure: Act) -> None:
    with loopback(failure) as qstash:
        client = make_client(base_url=qstash.url, retry=False, timeout=patience(failure))
        with pytest.raises((APIError, TransportError)):
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept) == (1, [])
    # Nobody needs an id for what is sent once.
    assert "upstash-deduplication-id" not in qstash.sent[0].headers


@on_one_client
@pytest.mark.parametrize("retry", [{"retries": 0}, {"attempts": 1}], ids=repr)
def test_no_retries_is_one_try_too(make_client: MakeClient, retry: Any) -> None:
    with loopback(HANG_UP) as qstash:
        client = make_client(base_url=qstash.url, retry=retry)
        with pytest.raises(TransportError):
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept) == (1, [])


def test_every_message_has_an_id_of_its_own(make_client: MakeClient) -> None:
    with loopback() as qstash:
        client = make_client(base_url=qstash.url)
        for _ in range(3):
            client("publish", url=URL)
    assert len({sent.headers["upstash-deduplication-id"] for sent in qstash.sent}) == 3


def test_the_callers_own_id_is_kept(make_client: MakeClient) -> None:
    with loopback(HANG_UP, ACCEPTED) as qstash:
        make_client(base_url=qstash.url)("enqueue_json", queue="mail", url=URL, body={}, deduplication_id="order 3")
    assert [sent.headers["upstash-deduplication-id"] for sent in qstash.sent] == ["order 3"] * 2


def test_deduplication_by_content_is_not_switched_off_by_an_id(make_client: MakeClient) -> None:
    with loopback(HANG_UP, ACCEPTED) as qstash:
        make_client(base_url=qstash.url)("publish", url=URL, body="one", content_based_deduplication=True)
    assert [sent.headers["upstash-content-based-deduplication"] for sent in qstash.sent] == ["true"] * 2
    assert all("upstash-deduplication-id" not in sent.headers for sent in qstash.sent)


def test_a_batch_is_sent_again_as_it_was_with_an_id_for_each_message(make_client: MakeClient) -> None:
    both = answer(200, [{"messageId": "msg_1"}, {"messageId": "msg_2"}])
    with loopback(HANG_UP, both) as qstash:
        client = make_client(base_url=qstash.url)
        receipts = client("batch_json", [{"url": URL, "body": 1}, {"url": URL, "body": 2, "deduplication_id": "two"}])
    assert [receipt.message_id for receipt in receipts] == ["msg_1", "msg_2"]
    first, second = qstash.sent
    assert first.body == second.body
    assert first.body.count(b"Upstash-Deduplication-Id") == 2
    assert b'"Upstash-Deduplication-Id":"two"' in first.body
    assert "upstash-deduplication-id" not in first.headers


def test_retry_after_is_waited_for(make_client: MakeClient) -> None:
    with loopback(answer(503, {"error": "later"}, Retry_After="7"), ACCEPTED) as qstash:
        client = make_client(base_url=qstash.url, retry=FAST)
        client("publish", url=URL)
    assert client.slept == [7.0]


def test_who_asks_for_more_than_a_minute_is_not_waited_for(make_client: MakeClient) -> None:
    with loopback(answer(503, {"error": "later"}, Retry_After="61")) as qstash:
        client = make_client(base_url=qstash.url)
        with pytest.raises(APIError, match=r"^QStash answered 503: later$"):
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept) == (1, [])


def test_the_default_is_five_retries(make_client: MakeClient) -> None:
    with loopback(answer(500)) as qstash:
        client = make_client(base_url=qstash.url)
        with pytest.raises(APIError):
            client("publish", url=URL)
    assert (len(qstash.sent), len(client.slept)) == (6, 5)
    assert sum(client.slept) <= 3.1


def test_the_original_sdk_counts_attempts(make_client: MakeClient) -> None:
    with loopback(HANG_UP) as qstash:
        client = make_client(base_url=qstash.url, retry={"attempts": 2, "backoff": backoff})
        with pytest.raises(TransportError, match="after 2 tries"):
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept) == (2, [0.1])


@on_one_client
@pytest.mark.parametrize("status", [301, 307, 400, 401, 403, 404, 412, 413])
def test_what_qstash_refuses_is_not_tried_again(make_client: MakeClient, status: int) -> None:
    with loopback(answer(status, {"error": "no"}, Location="https://evil.example/")) as qstash:
        client = make_client(base_url=qstash.url)
        with pytest.raises(APIError, match=f"^QStash answered {status}: no") as caught:
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept, caught.value.status, caught.value.detail) == (1, [], status, "no")
    assert ("QSTASH_TOKEN is no token of the QStash at QSTASH_URL" in str(caught.value)) == (status == 401)


def test_the_daily_limit_is_not_tried_again(make_client: MakeClient) -> None:
    limit = {"RateLimit_Limit": "1000", "RateLimit_Remaining": "0", "RateLimit_Reset": "1800000000", "Retry_After": "1"}
    with loopback(answer(429, {"error": "daily limit"}, **limit)) as qstash:
        client = make_client(base_url=qstash.url)
        with pytest.raises(DailyLimitError, match=r"^QStash answered 429: daily limit$") as caught:
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept) == (1, [])
    assert (caught.value.limit, caught.value.remaining, caught.value.resets_at) == (1000, 0, 1800000000)


def test_the_burst_limit_tells_its_numbers(make_client: MakeClient) -> None:
    limit = {"Burst_RateLimit_Limit": "100", "Burst_RateLimit_Remaining": "0", "Burst_RateLimit_Reset": "soon"}
    with loopback(answer(429, {"error": "slow down"}, **limit)) as qstash:
        client = make_client(base_url=qstash.url, retry={"retries": 1})
        with pytest.raises(RateLimitError) as caught:
            client("publish", url=URL)
    assert (len(qstash.sent), type(caught.value)) == (2, RateLimitError)
    assert (caught.value.limit, caught.value.remaining, caught.value.resets_at) == (100, 0, None)


ONCE: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "a schedule without an id": ("schedule.create", (), {"destination": URL, "cron": "* * * * *"}),
    "a cancellation": ("message.cancel", ("msg_1",), {}),
    "many cancellations": ("message.cancel_many", (["msg_1"],), {}),
    "all cancellations": ("message.cancel_all", (), {}),
    "key rotation": ("signing_key.rotate", (), {}),
    "a retry of a dead letter": ("dlq.retry", ("1-1",), {}),
    "retries of dead letters": ("dlq.retry_many", (["1-1"],), {}),
    "retries of all dead letters": ("dlq.retry_all", (), {}),
    "the deletion of a dead letter": ("dlq.delete", ("1-1",), {}),
    "the deletion of dead letters": ("dlq.delete_many", (["1-1"],), {}),
    "the deletion of all dead letters": ("dlq.delete_all", (), {}),
    "the removal of an endpoint": ("url_group.remove_endpoints", ("signups", [{"name": "crm"}]), {}),
    "a new period of a rate": ("flow_control.reset_rate", ("crm",), {}),
    "a pinned rate": ("flow_control.pin", ("crm",), {"rate": 3}),
}


@on_one_client
@pytest.mark.parametrize(("verb", "args", "options"), ONCE.values(), ids=ONCE)
def test_what_would_happen_twice_is_sent_once(make_client: MakeClient, verb: str, args: Any, options: Any) -> None:
    for failure in (HANG_UP, answer(503)):
        with loopback(failure) as qstash:
            client = make_client(base_url=qstash.url)
            with pytest.raises((APIError, TransportError)):
                client(verb, *args, **options)
        assert (len(qstash.sent), client.slept) == (1, [])


AGAIN: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], Act]] = {
    "a schedule with an id": (
        "schedule.create",
        (),
        {"destination": URL, "cron": "* * * * *", "schedule_id": "daily"},
        answer(200, {"scheduleId": "daily"}),
    ),
    "reading": ("schedule.list", (), {}, answer(200, [])),
    "pausing": ("schedule.pause", ("daily",), {}, answer(200, b"")),
    "deleting what may be gone": ("schedule.delete", ("daily",), {}, answer(200, b"")),
    "a queue": ("queue.upsert", ("mail",), {}, answer(200, b"")),
    "a deleted queue": ("queue.delete", ("mail",), {}, answer(200, b"")),
    "endpoints": ("url_group.upsert_endpoints", ("signups", [{"url": URL}]), {}, answer(200, b"")),
    "dead letters": ("dlq.list", (), {}, answer(200, {"messages": []})),
    "the log": ("log.list", (), {}, answer(200, {"events": []})),
    "the keys": ("signing_key.get", (), {}, answer(200, {"current": "a", "next": "b"})),
    "a paused key": ("flow_control.pause", ("crm",), {}, answer(200, b"")),
    "an unpinned key": ("flow_control.unpin", ("crm",), {"rate": True}, answer(200, b"")),
}


@pytest.mark.sampled("make_client")
@pytest.mark.parametrize(("verb", "args", "options", "success"), AGAIN.values(), ids=AGAIN)
def test_what_makes_no_difference_is_sent_again(
    make_client: MakeClient, verb: str, args: Any, options: Any, success: Act
) -> None:
    with loopback(HANG_UP, answer(503), success) as qstash:
        client = make_client(base_url=qstash.url)
        client(verb, *args, **options)
    assert (len(qstash.sent), len(client.slept)) == (3, 2)


def test_a_mistake_of_the_caller_never_leaves_the_machine(make_client: MakeClient) -> None:
    with loopback() as qstash:
        client = make_client(base_url=qstash.url)
        with pytest.raises(TypeError, match=r"^unknown option 'dealy'"):
            client("publish", url=URL, dealy=3)
        with pytest.raises(ValueError, match=r"^url must start with"):
            client("publish", url="ship")
    assert (qstash.sent, client.slept) == ([], [])


def test_a_backoff_that_fails_is_reported_at_once(make_client: MakeClient) -> None:
    def broken(retry: int) -> float:
        return 1 / 0

    with loopback(HANG_UP) as qstash:
        client = make_client(base_url=qstash.url, retry={"backoff": broken})
        with pytest.raises(ZeroDivisionError):
            client("publish", url=URL)
    assert len(qstash.sent) == 1


@on_trio_too
def test_no_server_at_all(make_client: MakeClient) -> None:
    with loopback() as qstash:
        pass
    client = make_client(base_url=qstash.url, retry={"retries": 1})
    with pytest.raises(TransportError) as caught:
        client("publish", url=URL)
    assert str(caught.value).startswith(f"no answer from {qstash.url} after 2 tries: ConnectError: ")
    assert str(caught.value).endswith("; is the local server running? qstash-integrations dev starts it")


@on_trio_too
def test_a_timeout_is_told_as_such(make_client: MakeClient) -> None:
    with loopback(SILENCE) as qstash:
        client = make_client(base_url=qstash.url, retry=False, timeout=0.5)
        with pytest.raises(TransportError, match=f"^no answer from {qstash.url}: ReadTimeout"):
            client("publish", url=URL)


@on_one_client
@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "3", True], ids=repr)
def test_a_timeout_is_a_number_of_seconds(make_client: MakeClient, timeout: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^timeout must be a number of seconds > 0, not "):
        make_client(timeout=timeout)
