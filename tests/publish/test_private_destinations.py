"""What the hosted service could never reach is refused before it is sent, wherever a URL can stand."""

from collections.abc import Callable
from typing import Any

import pytest

from qstash_integrations import QStash
from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport

HOSTED = ["https://qstash.upstash.io", "https://qstash-us-east-1.upstash.io"]
OTHER = ["http://127.0.0.1:8080", "http://qstash:8080", "https://qstash.example.com"]
PRIVATE = [
    "http://localhost:8000/ship",
    "http://LOCALHOST/ship",
    "http://127.0.0.1:5000/ship",
    "http://127.8.9.1/ship",
    "http://[::1]:8000/ship",
    "http://0.0.0.0:8000/ship",
    "http://10.1.2.3/ship",
    "http://172.16.0.1/ship",
    "http://192.168.1.7/ship",
    "http://[fd00::1]/ship",
    "http://host.docker.internal:8000/ship",
    "http://shop.local/ship",
    "http://api.localhost/ship",
    "http://web:8000/ship",
]
PUBLIC = "https://api.example.com/ship"
HERE = "http://localhost:8000/ship"
CALLS: dict[str, tuple[Callable[[QStash], object], str]] = {
    "publish": (lambda q: q.publish(url=HERE), "url"),
    "publish_json": (lambda q: q.publish_json(url=HERE), "url"),
    "enqueue": (lambda q: q.enqueue(queue="mail", url=HERE), "url"),
    "callback": (lambda q: q.publish(url=PUBLIC, callback=HERE), "callback"),
    "failure_callback": (lambda q: q.publish(url_group="shops", failure_callback=HERE), "failure_callback"),
    "batch": (lambda q: q.batch([{"url": PUBLIC}, {"url": HERE}, {"url": HERE}]), "messages[1]: url"),
    "callback of a batch": (lambda q: q.batch_json([{"url": PUBLIC, "callback": HERE}]), "messages[0]: callback"),
    "publish_many": (
        lambda q: q.publish_many([{"url": PUBLIC}, {"url": HERE}], chunk_size=1).send(),
        "messages[1]: url",
    ),
    "schedule": (lambda q: q.schedule.create(destination=HERE, cron="* * * * *"), "destination"),
    "callback of a schedule": (
        lambda q: q.schedule.create(destination="shops", cron="* * * * *", callback=HERE),
        "callback",
    ),
    "URL group": (
        lambda q: q.url_group.upsert_endpoints("shops", [{"url": PUBLIC}, {"url": HERE}]),
        "endpoints[1]['url']",
    ),
    "defaults of a URL group": (lambda q: q.url_group.set_defaults("shops", callback=HERE), "callback"),
    "a dead letter": (lambda q: q.dlq.retry("dlq_1", failure_callback=HERE), "failure_callback"),
}


class Sent(list[APIRequest]):
    def __call__(self, request: APIRequest) -> APIResponse:
        self.append(request)
        count = request.body.count(b'"destination"') if request.body else 0
        one: Any = {"messageId": "msg_1", "scheduleId": "daily", "responses": [{"messageId": "msg_1"}]}
        answers = b",".join([b'{"messageId":"msg_1"}'] * count)
        return APIResponse(201, b"[%s]" % answers if count else str(one).replace("'", '"').encode())


@pytest.mark.sampled("base_url")
@pytest.mark.parametrize("base_url", HOSTED)
@pytest.mark.parametrize("url", PRIVATE)
def test_no_message_for_a_private_place_goes_to_the_service(url: str, base_url: str) -> None:
    with (
        override_transport(sent := Sent()),
        pytest.raises(ValueError, match=r"^url is 'http://.*cannot reach") as caught,
    ):
        QStash("a-token", base_url=base_url).publish(url=f"{url}?token=secret")
    assert sent == []
    assert base_url in str(caught.value)
    assert "qstash-integrations dev" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("call", "name"), CALLS.values(), ids=CALLS)
def test_every_url_that_is_to_be_called_is_looked_at(call: Callable[[QStash], object], name: str) -> None:
    with override_transport(sent := Sent()), pytest.raises(ValueError, match="cannot reach") as caught:
        call(QStash("a-token"))
    assert all(HERE not in request.url and HERE.encode() not in (request.body or b"") for request in sent)
    assert str(caught.value).startswith(f"{name} is '{HERE}', on this machine or in a private network, which https://")


@pytest.mark.sampled("base_url")
@pytest.mark.parametrize("base_url", OTHER)
@pytest.mark.parametrize("url", PRIVATE)
def test_any_other_qstash_may_reach_them(url: str, base_url: str) -> None:
    with override_transport(sent := Sent()):
        QStash("a-token", base_url=base_url).publish(url=url)
    assert [request.url for request in sent] == [f"{base_url}/v2/publish/{url}"]


def test_an_endpoint_can_be_taken_out_of_a_group_whatever_it_is() -> None:
    with override_transport(sent := Sent()):
        QStash("a-token").url_group.remove_endpoints("shops", [{"url": HERE}])
    assert len(sent) == 1
