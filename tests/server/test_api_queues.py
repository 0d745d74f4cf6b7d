"""Queues and their flags."""

from collections.abc import Iterator

import pytest

from tests.server.local import URL, Got, Local
from tests.signing import NOW


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def test_a_queue_is_made_changed_and_deleted(local: Local) -> None:
    assert local("POST", "/v2/queues", {"queueName": "mail", "parallelism": 2}) == Got(200, None)
    local.now += 11
    assert local("POST", "/v2/queues", {"queueName": "mail", "parallelism": 1, "paused": True}) == Got(200, None)
    queue = {
        "name": "mail",
        "parallelism": 1,
        "createdAt": NOW * 1000,
        "updatedAt": (NOW + 11) * 1000,
        "lag": 0,
        "paused": True,
    }
    assert local("GET", "/v2/queues/mail") == Got(200, queue)
    assert local("GET", "/v2/queues") == Got(200, [queue])
    assert local("DELETE", "/v2/queues/mail") == Got(200, None)
    assert local("GET", "/v2/queues/mail").status == 404
    assert local("GET", "/v2/queues/") == Got(200, [])


def test_deleting_an_unknown_queue_is_fine(local: Local) -> None:
    assert local("DELETE", "/v2/queues/nobody") == Got(200, None)


def test_a_paused_queue_delivers_nothing_until_it_is_resumed(local: Local) -> None:
    local("POST", f"/v2/enqueue/mail/{URL}")
    assert local("POST", "/v2/queues/mail/pause") == Got(200, None)
    assert local("GET", "/v2/queues/mail").json["paused"] is True
    assert local.engine.claiming.claim(10) == []
    assert local("POST", "/v2/queues/mail/resume") == Got(200, None)
    assert local("GET", "/v2/queues/mail").json["paused"] is False
    assert len(local.engine.claiming.claim(10)) == 1


@pytest.mark.parametrize(
    "body",
    [
        {}, {"queueName": ""}, {"queueName": "a b"}, {"queueName": ".."}, {"queueName": 7, "parallelism": "1"},
        {"queueName": "q", "parallelism": 0}, {"queueName": "q", "parallelism": True},
        {"queueName": "q", "parallelism": 1.5}, {"queueName": "q", "paused": "yes"}, {"queueName": "q", "paused": None},
        {"queueName": None},
    ],
    ids=str,
)  # fmt: skip
def test_what_makes_no_queue_is_400(local: Local, body: object) -> None:
    status, answer = local("POST", "/v2/queues", body)
    assert (status, list(answer)) == (400, ["error"])
    assert local("GET", "/v2/queues").json == []


@pytest.mark.parametrize("call", ["GET /v2/queues/{}", "POST /v2/queues/{}/pause", "POST /v2/queues/{}/resume"])
def test_a_name_that_no_queue_can_have_is_400(local: Local, call: str) -> None:
    method, path = call.format("a%20b").split()
    status, answer = local(method, path)
    assert (status, answer["error"]) == (
        400,
        "invalid queue name 'a b': letters, digits, '-', '_' and '.' are allowed",
    )
