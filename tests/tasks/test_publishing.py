"""A call becomes one message, with its id, time and retries in the URL."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from qstash_integrations import Callback, ConfigurationError
from qstash_integrations._core.publishing.client import APIRequest
from qstash_integrations._core.settings.environment import override_settings
from qstash_integrations.tasks import RESULT, chain, schedule, task

from . import shop
from .shop import ship


def headers(request: APIRequest) -> dict[str, str]:
    return dict(request.headers)


def url(request: APIRequest) -> str:
    return request.url.partition("/publish/")[2]


def test_a_plain_call_is_the_function() -> None:
    assert ship(3) == 30


def test_a_call_is_published_to_the_route_of_its_task(sent: list[APIRequest]) -> None:
    receipt = ship.publish(3, gift=True)
    assert receipt.message_id == "msg_1"
    (request,) = sent
    assert re.fullmatch(
        r"https://shop.example/qstash/tasks/tests.tasks.shop.ship\?id=[0-9a-f]{32}&at=[0-9]{13}&of=3", url(request)
    )
    assert request.body == b'{"order_id":3,"gift":true}'
    assert headers(request)["Content-Type"] == "application/json"
    assert headers(request)["Upstash-Label"] == "tests.tasks.shop.ship"
    assert headers(request)["Upstash-Retries"] == "3"


def test_omitted_defaults_stay_out() -> None:
    assert ship.bind(3).message()["body"] == b'{"order_id":3}'


@pytest.mark.anyio
async def test_async_code_awaits(sent: list[APIRequest]) -> None:
    await ship.apublish(order_id=3)
    assert len(sent) == 1


@pytest.mark.anyio
async def test_a_plain_publish_in_an_event_loop_names_the_other_one(sent: list[APIRequest]) -> None:
    with pytest.raises(RuntimeError, match=r"await ship\.apublish\(\.\.\.\)"):
        ship.publish(3)
    assert sent == []


def test_options_are_apart_from_arguments(sent: list[APIRequest]) -> None:
    later = ship.using(delay=timedelta(minutes=10), label="vip")
    later.publish(3)
    assert headers(sent[0])["Upstash-Delay"] == "10m"
    assert headers(sent[0])["Upstash-Label"] == "vip,tests.tasks.shop.ship"
    ship.publish(3)
    assert "Upstash-Delay" not in headers(sent[1])


def test_a_queue_is_enqueued_to(sent: list[APIRequest]) -> None:
    shop.mail.publish("ada@example.com", shop.Invoice(1, "1.pdf"))
    assert "/v2/enqueue/mail/https://shop.example/" in sent[0].url


def test_an_option_is_computed_from_the_arguments_and_their_defaults() -> None:
    @task(name="letter", flow_control=lambda call: {"key": f"smtp-{call['org']}", "parallelism": 1})
    def letter(to: str, org: int = 7) -> None: ...

    assert letter.bind("ada").message()["flow_control"] == {"key": "smtp-7", "parallelism": 1}
    assert letter.bind("ada", org=8).message()["flow_control"]["key"] == "smtp-8"


def test_content_decides_about_duplicates_as_each_call_has_a_url_of_its_own() -> None:
    once = ship.using(content_based_deduplication=True)
    ids = [call.message()["deduplication_id"] for call in (once.bind(3), once.bind(3), once.bind(4))]
    assert ids[0] == ids[1] != ids[2]


@pytest.mark.parametrize(
    "options", [{"dellay": 3}, {"method": "GET"}, {"url": "https://x.example"}, {"backoff": [1]}, {"name": "x"}]
)
def test_an_unknown_option_is_said_by_using(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="unknown option"):
        ship.using(**options)


@pytest.mark.parametrize("options", [{"dellay": 3}, {"method": "GET"}, {"content_type": "text/plain"}])
def test_an_unknown_option_is_said_by_the_decorator(options: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="unknown option"):
        task(**options)


def test_a_missing_public_url_names_the_settings(sent: list[APIRequest]) -> None:
    with override_settings(QSTASH_PUBLIC_URL=""), pytest.raises(ConfigurationError, match=r"QSTASH_TASKS_URL.*tasks="):
        ship.publish(3)


def test_tasks_may_be_served_elsewhere() -> None:
    with override_settings(QSTASH_TASKS_URL="https://worker.example/jobs"):
        assert ship.bind(3).message()["url"].startswith("https://worker.example/jobs/tests.tasks.shop.ship?")


def test_what_follows_travels_in_the_body() -> None:
    message = chain(shop.invoice.bind(3), shop.mail.using(delay="1m").bind("ada", RESULT)).message()
    body = json.loads(message["body"])
    assert body["order_id"] == 3
    assert body["$then"] == [
        {
            "task": "tests.tasks.shop.mail",
            "arguments": {"to": "ada", "invoice": {"$result": True}},
            "options": {
                "delay": "1m",
                "label": ["letters", "tests.tasks.shop.mail"],
                "queue": "mail",
                "retries": 3,
            },
        }
    ]


def test_the_options_of_a_schedule_are_those_of_its_calls() -> None:
    daily = schedule("daily", "0 7 * * *", ship.bind(3), retries=5, label="nightly")
    planned = daily.planned()
    assert planned["destination"] == "https://shop.example/qstash/tasks/tests.tasks.shop.ship?of=5"
    assert planned["retries"] == 5
    assert planned["label"] == ["nightly", "tests.tasks.shop.ship"]


@pytest.mark.parametrize("option", [{"deduplication_id": "a"}, {"not_before": 2_000_000_000}])
def test_an_option_of_one_message_is_none_of_a_schedule(option: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="is no option of a schedule"):
        ship.using(**option).bind(3).planned()


def shown_in(error: BaseException) -> str:
    """What an error tracker prints of the frames that are not this file's."""
    frames: list[str] = []
    while error is not None:
        found = error.__traceback__
        while found is not None:
            if found.tb_frame.f_code.co_filename != __file__:
                frames += [repr(value) for value in found.tb_frame.f_locals.values()]
            found = found.tb_next
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return "\n".join(frames)


FAILING: dict[str, Callable[[Any], object]] = {
    "bind": lambda task: task.bind("hunter2", size="hunter2"),
    "publish": lambda task: task.publish("hunter2", size="3"),
    "a computed option": lambda task: task.using(label=lambda call: 1 / 0).publish("hunter2"),
    "a wrong option": lambda task: task.using(headers={"X-Key": "hunter2\n"}),
    "a chain": lambda task: chain(task.bind("hunter2"), task.bind("hunter2").using(label=lambda call: [])).message(),
    "a result": lambda task: task.result(callback),
}
callback = Callback(
    status=200, headers={}, body=b'"hunter2"', retried=0, max_retries=0, source_message_id="", url="", method="",
    source_headers={}, source_body=b"hunter2",
)  # fmt: skip


@task
def keep(key: str, size: int = 0) -> int:
    return size


@pytest.mark.parametrize("fail", FAILING.values(), ids=FAILING)
def test_an_error_shows_no_argument(fail: Callable[[Any], object]) -> None:
    with pytest.raises((TypeError, ValueError, ZeroDivisionError)) as failed:
        fail(keep)
    assert "hunter2" not in str(failed.value)
    assert "hunter2" not in shown_in(failed.value)
