"""What a local server delivers to a local server is counted, so that no circle of deliveries goes on for ever."""

import json
import queue
from collections.abc import Iterator
from typing import Any

import pytest

from qstash_integrations.server.app import ServerConfig, running
from qstash_integrations.server.attempt import Attempt, signed_request
from qstash_integrations.server.model import Message
from tests.server.client import client
from tests.server.destination import SOON, destination
from tests.server.local import URL, Local

REFUSED = "delivered and published again 6 times: its destination leads back to a local QStash"


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def hops(local: Local, message: Message) -> str:
    """What a delivery of it says."""
    return dict(signed_request(message, local.engine.keys.get(), local.now).headers)["Upstash-Hops"]


def due(local: Local) -> Message:
    (message,) = local.engine.claiming.claim(1)
    return message


CALLS: dict[str, tuple[str, str, Any]] = {
    "publish": ("POST", f"/v2/publish/{URL}", b"hi"),
    "enqueue": ("POST", f"/v2/enqueue/mail/{URL}", b"hi"),
    "batch": ("POST", "/v2/batch", [{"destination": URL}]),
    "batch whose messages say less": (
        "POST",
        "/v2/batch",
        [{"destination": f"{URL}?upstash-hops=0", "headers": {"Upstash-Hops": "0"}}],
    ),
    "publish with less in its query": ("POST", f"/v2/publish/{URL}?upstash-hops=0", b"hi"),
}


def test_E6_what_a_client_publishes_is_delivered_for_the_first_time(local: Local) -> None:
    local.publish()
    assert hops(local, due(local)) == "1"


@pytest.mark.parametrize("call", CALLS)
def test_E6_what_is_delivered_to_the_api_is_counted(local: Local, call: str) -> None:
    method, target, body = CALLS[call]
    assert local(method, target, body, {"Upstash-Hops": "5"}).status in (200, 201)
    assert hops(local, due(local)) == "6"


@pytest.mark.parametrize("call", CALLS)
def test_E6_after_five_times_it_is_refused(local: Local, call: str) -> None:
    method, target, body = CALLS[call]
    status, answer = local(method, target, body, {"Upstash-Hops": "6"})
    assert (status, answer["error"].removeprefix("message 0: ")) == (400, REFUSED)
    assert local.engine.claiming.claim(1) == []


@pytest.mark.parametrize("text", ["-1", "x", "", "1.5"])
def test_a_count_that_is_none_is_refused(local: Local, text: str) -> None:
    status, answer = local("POST", f"/v2/publish/{URL}", b"", {"Upstash-Hops": text})
    assert (status, answer["error"]) == (400, f"invalid Upstash-Hops {text!r}: it must be a whole number")


def test_E6_a_schedule_that_a_delivery_made_is_counted_at_every_tick(local: Local) -> None:
    made = {"Upstash-Cron": "* * * * *", "Upstash-Hops": "4"}
    assert local("POST", f"/v2/schedules/{URL}", b"", made).status == 200
    assert local("POST", f"/v2/schedules/{URL}", b"", {**made, "Upstash-Hops": "6"}).status == 400
    local.now += 60
    local.engine.schedules.fire()
    assert hops(local, due(local)) == "5"


def test_E6_the_callbacks_of_a_message_are_counted_with_it(local: Local) -> None:
    headers = {"Upstash-Hops": "3", "Upstash-Callback": "https://a.example/cb", "Upstash-Retries": "0"}
    local("POST", f"/v2/publish/{URL}", b"", {**headers, "Upstash-Failure-Callback": "https://a.example/fail"})
    local.deliver(500)
    assert [hops(local, callback) for callback in local.engine.claiming.claim(10)] == ["4", "4"]


@pytest.mark.parametrize(("call", "counted"), {"0": "4", "2": "4", "5": "6"}.items())
def test_E6_a_dead_letter_forgets_nothing_when_it_is_retried(local: Local, call: str, counted: str) -> None:
    local("POST", f"/v2/publish/{URL}", b"", {"Upstash-Hops": "3", "Upstash-Retries": "0"})
    local.deliver(500)
    assert local("POST", "/v2/dlq/retry", b"", {"Upstash-Hops": call}).status == 201
    assert hops(local, due(local)) == counted


def test_E6_a_publisher_cannot_forward_a_count_of_its_own(local: Local) -> None:
    local.publish(URL, Forward_Upstash_Hops="0", Header_Forward="true")
    message = due(local)
    sent = signed_request(message, local.engine.keys.get(), local.now).headers
    assert [value for name, value in sent if name.lower() == "upstash-hops"] == ["1"]


def test_E6_two_servers_that_deliver_to_each_other_stop() -> None:
    attempts: queue.SimpleQueue[Attempt] = queue.SimpleQueue()
    config = ServerConfig(port=0)
    with destination() as there, running(config, watch=attempts.put) as one, running(config, watch=attempts.put) as two:
        # Each of them publishes what is left of the URL to the other, and forwards the token for what is left to do.
        url = f"{there.url}/end"
        for turn in range(8):
            url = f"{(one, two)[turn % 2].url}/v2/publish/{url}"
        tokens = {"Upstash-Forward-" * turn + "Authorization": f"Bearer {one.token}" for turn in range(1, 9)}
        with client(one) as api:
            assert api.post(f"/v2/publish/{url}", headers=tokens).status_code == 201
        told = [attempts.get(timeout=SOON) for _ in range(6)]
        statuses = sorted(attempt.outcome.status for attempt in told)
        assert statuses == [201, 201, 201, 201, 201, 400]
        (refused,) = (attempt.outcome.body for attempt in told if attempt.outcome.status == 400)
        assert json.loads(refused) == {"error": REFUSED}
        assert there.nothing_more()
