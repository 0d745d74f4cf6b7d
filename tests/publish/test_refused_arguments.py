"""What is wrong with an argument of a resource is said before anything is sent, and by its name."""

from typing import Any

import pytest

from tests.outbox import outbox
from tests.publish.clients import MakeClient, on_one_client
from tests.publish.every_call import CALLS
from tests.publish.loopback import URL

REFUSED: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], type[Exception], str]] = {
    "a queue of no parallelism": (
        "queue.upsert",
        ("mail",),
        {"parallelism": 0},
        ValueError,
        "parallelism must be a number from 1 to 1000000, not 0",
    ),
    "a queue of a text": (
        "queue.upsert",
        ("mail",),
        {"parallelism": "3"},
        TypeError,
        "parallelism must be an int, not str",
    ),
    "a queue paused by a number": (
        "queue.upsert",
        ("mail",),
        {"paused": 1},
        TypeError,
        "paused must be True or False, not 1",
    ),
    "no endpoints": ("url_group.upsert_endpoints", ("g", []), {}, ValueError, "endpoints is empty"),
    "one endpoint": (
        "url_group.upsert_endpoints",
        ("g", {"url": URL}),
        {},
        TypeError,
        "endpoints must be a list of dicts, not dict",
    ),
    "an endpoint as a text": (
        "url_group.upsert_endpoints",
        ("g", [URL]),
        {},
        TypeError,
        "endpoints[0] must be a dict such as {'url': 'https://api.example.com'}, not str",
    ),
    "an endpoint without a URL": (
        "url_group.upsert_endpoints",
        ("g", [{"name": "a"}]),
        {},
        ValueError,
        "endpoints[0] has no url",
    ),
    "an endpoint of nothing": (
        "url_group.remove_endpoints",
        ("g", [{"url": None}]),
        {},
        ValueError,
        "endpoints[0] has no url and no name",
    ),
    "an endpoint that leads up": (
        "url_group.upsert_endpoints",
        ("g", [{"url": "https://x.example/../a"}]),
        {},
        ValueError,
        "endpoints[0]['url'] has a '.' or '..' segment: 'https://x.example/../a'",
    ),
    "an endpoint misspelled": (
        "url_group.upsert_endpoints",
        ("g", [{"ulr": URL}]),
        {},
        TypeError,
        "unknown part of endpoints[0] 'ulr'; did you mean 'url'?",
    ),
    "a default that is no option": (
        "url_group.set_defaults",
        ("g",),
        {"retrys": 5},
        TypeError,
        "unknown default of a URL group 'retrys'; did you mean 'retries'?",
    ),
    "a default of one message": (
        "url_group.set_defaults",
        ("g",),
        {"body": "hi"},
        TypeError,
        "unknown default of a URL group 'body'; there are callback, callback_headers, content_type, delay, "
        "failure_callback, failure_callback_headers, flow_control, forward_headers, headers, label, method, redact, "
        "retries, retry_delay, timeout",
    ),
    "a default out of range": (
        "url_group.set_defaults",
        ("g",),
        {"retries": -1},
        ValueError,
        "retries must be a number from 0 to 1000000, not -1",
    ),
    "an endpoint with a blank name": (
        "url_group.remove_endpoints",
        ("g", [{"name": " "}]),
        {},
        ValueError,
        "endpoints[0]['name'] is blank",
    ),
    "pinning nothing": (
        "flow_control.pin",
        ("crm",),
        {"rate": None},
        ValueError,
        "give parallelism, rate or period to pin",
    ),
    "pinning zero": (
        "flow_control.pin",
        ("crm",),
        {"rate": 0},
        ValueError,
        "rate must be a number from 1 to 1000000, not 0",
    ),
    "pinning for ever": (
        "flow_control.pin",
        ("crm",),
        {"period": "8d"},
        ValueError,
        "period must be between one second and a week, not '8d'",
    ),
    "pinning misspelled": (
        "flow_control.pin",
        ("crm",),
        {"rates": 3},
        TypeError,
        "unknown option 'rates'; did you mean 'rate'?",
    ),
    "unpinning nothing": (
        "flow_control.unpin",
        ("crm",),
        {"rate": False},
        ValueError,
        "give parallelism=True or rate=True to unpin",
    ),
    "unpinning a number": ("flow_control.unpin", ("crm",), {"rate": 3}, TypeError, "rate must be True or False, not 3"),
    "a search for nothing": ("flow_control.list", (), {"search": ""}, ValueError, "search is empty"),
    "retrying with a delay": (
        "dlq.retry",
        ("1-1",),
        {"delay": 3},
        TypeError,
        "unknown option 'delay'; did you mean 'retry_delay'?",
    ),
    "retrying misspelled": (
        "dlq.retry_all",
        (),
        {"retry": 3},
        TypeError,
        "unknown option 'retry'; did you mean 'retries'?",
    ),
    "retrying with a bad option": (
        "dlq.retry_many",
        (["1-1"],),
        {"retries": -1},
        ValueError,
        "retries must be a number from 0 to 1000000, not -1",
    ),
    "a page too large": ("dlq.list", (), {"count": 101}, ValueError, "count must be a number from 1 to 100, not 101"),
    "an empty page": ("log.list", (), {"count": 0}, ValueError, "count must be a number from 1 to 1000, not 0"),
    "a page of a text": ("log.list", (), {"count": "3"}, TypeError, "count must be an int, not str"),
    "no cursor": ("log.list", (), {"cursor": ""}, ValueError, "cursor is empty"),
    "a cursor of a number": ("dlq.list", (), {"cursor": 3}, TypeError, "cursor must be a str, not int"),
}


@on_one_client
@pytest.mark.parametrize(("verb", "args", "options", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_argument_is_refused_by_name(
    make_client: MakeClient, verb: str, args: Any, options: Any, error: type[Exception], text: str
) -> None:
    with outbox() as sent, pytest.raises(error) as caught:
        make_client()(verb, *args, **options)
    assert (str(caught.value), sent) == (text, [])


@on_one_client
def test_no_call_takes_an_argument_that_it_does_not_know(make_client: MakeClient) -> None:
    with outbox() as sent:
        for verb, args, options in CALLS.values():
            with pytest.raises(TypeError, match="dealy"):
                make_client()(verb, *args, **options, dealy="1m")
    assert sent == []
