"""C1: whatever comes from an app's users, a publish stays a publish, to the URL that was given."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qstash_integrations._core.publishing.inputs import check_name, check_url
from qstash_integrations._core.publishing.operations import Operation, dlq, flow_control
from qstash_integrations._core.publishing.operations import batch as batches
from qstash_integrations._core.publishing.operations import message as messages
from qstash_integrations._core.publishing.operations import queue as queues
from qstash_integrations._core.publishing.operations import schedule as schedules
from qstash_integrations._core.publishing.operations import url_group as url_groups

GOOD = {
    "a host": "https://api.example.com",
    "a path": "https://api.example.com/ship",
    "a slash at the end": "https://api.example.com/ship/",
    "doubled slashes": "https://api.example.com//ship///now",
    "a query": "https://api.example.com/ship?a=1&b=%C3%A9&c",
    "a query without a path": "https://api.example.com?a=1",
    "an empty query": "https://api.example.com/ship?",
    "dots in a query": "https://api.example.com/ship?next=/../..",
    "a question mark in a query": "https://api.example.com/ship?a=b?c",
    "http": "http://api.example.com/ship",
    "upper case": "HTTPS://API.example.com/Ship",
    "a port": "https://api.example.com:8443/ship",
    "an IPv4 address": "http://127.0.0.1:8000/ship",
    "an IPv6 address": "http://[2001:db8::1]:8000/ship",
    "an international host": "https://xn--bcher-kva.example/ship",
    "an underscore in the host": "http://web_app:8000/ship",
    "percent-encoding": "https://api.example.com/a%20b%2Fc%25",
    "lower-case percent-encoding": "https://api.example.com/a%2fb",
    "dots in names": "https://api.example.com/a..b/.well-known/...",
    "sub-delimiters": "https://api.example.com/a;v=1/b,c/(d)/$e/'f'/*!~@:+=&",
    "what browsers leave as it is": "https://api.example.com/a|b/[c]^d?e=[f]|^g",
    "another upstash parameter's beginning": "https://api.example.com/ship?my-upstash-x=1&upstash=1",
    "as long as may be": "https://api.example.com/" + "a" * (8192 - 24),
}


@pytest.mark.parametrize("url", GOOD.values(), ids=GOOD)
def test_a_url_goes_out_as_it_is(url: str) -> None:
    assert messages.publish({"url": url}, None).path == f"/v2/publish/{url}"
    assert schedules.create({"destination": url, "cron": "* * * * *"}).path == f"/v2/schedules/{url}"


DOTS = "has a '.' or '..' segment"
BAD = {
    "C1 parent": ("https://x.example/../../../../keys/rotate", DOTS),
    "C1 parent at the end": ("https://x.example/a/..", DOTS),
    "C1 parent before a query": ("https://x.example/a/..?b", DOTS),
    "C1 itself": ("https://x.example/./a", DOTS),
    "C1 encoded": ("https://x.example/%2e%2e/%2e%2e/keys/rotate", DOTS),
    "C1 half encoded": ("https://x.example/.%2E/a", DOTS),
    "C1 encoded slashes": ("https://x.example/..%2f..%2fkeys", DOTS),
    "C1 encoded at both": ("https://x.example/%2e%2e%2f%2e%2e%2fkeys", DOTS),
    "C1 encoded twice": ("https://x.example/%252e%252e/keys", DOTS),
    "C1 encoded three times": ("https://x.example/%25252e%25252e%25252fkeys", DOTS),
    "C1 encoded beyond all measure": ("https://x.example/%2525252525252541", DOTS),
    "C1 with parameters": ("https://x.example/..;a=b/keys", DOTS),
    "C1 encoded backslash": ("https://x.example/..%5c..%5ckeys", DOTS),
    "C1 backslash": ("https://x.example/..\\..\\keys", "has characters that must be percent-encoded"),
    "C1 as the host": ("https://../../keys/rotate", "has no valid host and port"),
    "C1 as the host, encoded": ("https://%2e%2e/keys/rotate", "has no valid host and port"),
    "C1 one dot as the host": ("https://./keys", "has no valid host and port"),
    "C2 CRLF": ("https://x.example/a\r\nX: 1", "has characters that must be percent-encoded"),
    "C2 LF at the end": ("https://x.example/a\n", "has characters that must be percent-encoded"),
    "C2 NUL": ("https://x.example/\0", "has characters that must be percent-encoded"),
    "a blank": ("https://x.example/a b", "has characters that must be percent-encoded"),
    "a blank in front": (" https://x.example/a", "must start with https:// or http://"),
    "not ASCII": ("https://x.example/\xe9", "has characters that must be percent-encoded"),
    "an international host": ("https://b\xfccher.example/", "has characters that must be percent-encoded (in the host"),
    "braces": ("https://x.example/{id}", "has characters that must be percent-encoded"),
    "a quote in a query": ('https://x.example/?a="b"', "has characters that must be percent-encoded"),
    "a percent sign": ("https://x.example/100%", "has a % that encodes nothing"),
    "percent and no hex": ("https://x.example/?a=%zz", "has a % that encodes nothing"),
    "a fragment": ("https://x.example/a#b", "has a fragment, which is never sent"),
    "a user": ("https://me@x.example/", "has a user name or password, which would end up in logs"),
    "a password": ("https://me:TESTONLYpassword@x.example/", "has a user name or password, which would end up in logs"),
    "no scheme": ("x.example/a", "must start with https:// or http://"),
    "a relative URL": ("//x.example/a", "must start with https:// or http://"),
    "a path": ("/ship", "must start with https:// or http://"),
    "another scheme": ("ftp://x.example/", "must start with https:// or http://"),
    "one slash": ("https:/x.example/", "must start with https:// or http://"),
    "an encoded URL": ("https%3A%2F%2Fx.example", "must start with https:// or http://"),
    "no host": ("https:///a", "has no valid host and port"),
    "a port alone": ("https://:80/a", "has no valid host and port"),
    "port 0": ("https://x.example:0/", "has no valid host and port"),
    "a port beyond all": ("https://x.example:65536/", "has no valid host and port"),
    "a port that is none": ("https://x.example:http/", "has no valid host and port"),
    "an odd host": ("https://x,example/", "has no valid host and port"),
    "too long": ("https://x.example/" + "a" * 8192, "is longer than 8192 characters"),
    "an option of QStash": (
        "https://x.example/?upstash-delay=1s",
        "has a query parameter that QStash takes for itself",
    ),
    "an option in other case": ("https://x.example/?a=1&UPSTASH-Callback=b", "has a query parameter that QStash takes"),
    "an option encoded": ("https://x.example/?%75pstash-method=GET", "has a query parameter that QStash takes"),
    "an option after a semicolon": (
        "https://x.example/?a;upstash-method=GET",
        "has a query parameter that QStash takes",
    ),
    "a token": ("https://x.example/?qstash_token=TESTONLYtoken", "has a query parameter that QStash takes for itself"),
}


@pytest.mark.parametrize(("url", "problem"), BAD.values(), ids=BAD)
def test_a_bad_url_is_refused(url: str, problem: str) -> None:
    for operation in (
        lambda: messages.publish({"url": url}, None),
        lambda: messages.enqueue({"queue": "mail", "url": url}, None),
    ):
        with pytest.raises(ValueError, match=r"^url ") as caught:
            operation()
        assert str(caught.value).startswith(f"url {problem}")
        assert "TESTONLY" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^messages\[0\]: url "):
        batches.batch([{"url": url}], None)
    with pytest.raises(ValueError, match=r"^destination "):
        schedules.create({"destination": url, "cron": "* * * * *"})


@pytest.mark.parametrize("url", [3, b"https://x.example", ["https://x.example"]], ids=["int", "bytes", "list"])
def test_a_url_is_a_text(url: Any) -> None:
    with pytest.raises(TypeError, match=f"^url must be a str, not {type(url).__name__}$"):
        messages.publish({"url": url}, None)


ENDPOINTS = [{"url": "https://x.example"}]
IDS: dict[str, Callable[[Any], Operation[Any]]] = {
    "message.get": messages.get,
    "message.cancel": messages.cancel,
    "schedule.get": schedules.get,
    "schedule.delete": schedules.delete,
    "schedule.pause": schedules.pause,
    "schedule.resume": schedules.resume,
    "publish to a group": lambda name: messages.publish({"url_group": name}, None),
    "schedule to a group": lambda name: schedules.create({"destination": name, "cron": "* * * * *"}),
    "message.cancel_many": lambda name: messages.cancel_many([name], None, None),
    "queue.upsert": lambda name: queues.upsert(name, parallelism=1, paused=False),
    "queue.get": queues.get,
    "queue.delete": queues.delete,
    "queue.pause": queues.pause,
    "queue.resume": queues.resume,
    "url_group.upsert_endpoints": lambda name: url_groups.upsert_endpoints(name, ENDPOINTS),
    "url_group.remove_endpoints": lambda name: url_groups.remove_endpoints(name, ENDPOINTS),
    "url_group.set_defaults": lambda name: url_groups.set_defaults(name, {}),
    "url_group.get": url_groups.get,
    "url_group.delete": url_groups.delete,
    "dlq.get": dlq.get,
    "dlq.delete": dlq.delete,
    "dlq.delete_many": lambda name: dlq.delete_many([name], None, None),
    "dlq.retry": lambda name: dlq.retry(name, {}),
    "dlq.retry_many": lambda name: dlq.retry_many([name], None, None, {}),
    "enqueue": lambda name: messages.enqueue({"url": "https://x.example", "queue": name}, None),
    "batch": lambda name: batches.batch([{"url": "https://x.example", "queue": name}], None),
}
BAD_IDS = {
    "empty": "",
    "itself": ".",
    "parent": "..",
    "another call": "../dlq/x",
    "encoded parent": "%2e%2e",
    "encoded slash": "a%2Fb",
    "slash": "a/b",
    "backslash": "a\\b",
    "query": "a?b",
    "fragment": "a#b",
    "blank": "a b",
    "CRLF": "a\r\nb",
    "LF at the end": "a\n",
    "NUL": "\0",
    "not ASCII": "\xe9",
    "full-width": "\uff41",
    "endless": "a" * 513,
}


@pytest.mark.parametrize("name", BAD_IDS.values(), ids=BAD_IDS)
def test_a_bad_id_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"^message_id "):
        messages.get(name)


@pytest.mark.parametrize("call", IDS.values(), ids=IDS)
def test_every_call_checks_its_id(call: Callable[[Any], Operation[Any]]) -> None:
    # The one would address all there are, the other another call.
    for name in ("", "../dlq/x"):
        with pytest.raises(
            ValueError, match=r"^(messages\[0\]: )?(message_ids?|schedule_id|url_group|destination|queue|dlq_ids?) "
        ):
            call(name)
    with pytest.raises(TypeError, match=r"must be a str, not bytes$"):
        call(b"msg_1")


@given(st.text())
@example("..")
def test_a_name_that_is_taken_is_one_plain_path_segment(text: str) -> None:
    try:
        name = check_name(text, "name")
    except ValueError:
        return
    assert name == text
    assert name.isascii()
    assert set(name).isdisjoint("/\\?#%;@: \r\n\t\0")
    assert name not in ("", ".", "..")


SEGMENTS = st.lists(
    st.sampled_from(
        ["..", ".", "%2e", "%2E", "%252e", "/", "%2f", "\\", "%5c", ";", "?", "#", "@", "a", "%", "25", "|"]
    ),
    max_size=12,
)


@given(SEGMENTS.map("".join))
def test_no_server_finds_its_way_up_in_a_url_that_is_taken(tail: str) -> None:
    try:
        url = check_url("https://x.example/" + tail, "url")
    except ValueError:
        return
    path = url.partition("://")[2].partition("?")[0]
    for _ in range(6):
        assert {"..", "."}.isdisjoint(part.partition(";")[0] for part in path.replace("\\", "/").split("/"))
        path = decoded_once(path)


def decoded_once(path: str) -> str:
    for code, sign in (("%2e", "."), ("%2E", "."), ("%2f", "/"), ("%5c", "\\"), ("%25", "\0")):
        path = path.replace(code, sign)
    return path.replace("\0", "%")


KEYS: dict[str, Callable[[Any], Operation[Any]]] = {
    "get": flow_control.get,
    "pause": flow_control.pause,
    "resume": flow_control.resume,
    "pin": lambda key: flow_control.pin(key, {"rate": 1}),
    "unpin": lambda key: flow_control.unpin(key, {"rate": True}),
    "reset_rate": flow_control.reset_rate,
}
BAD_KEYS = {
    "empty": "",
    "blank": " ",
    "itself": ".",
    "parent": "..",
    "another call": "../../keys/rotate",
    "inside": "a/../b",
    "backslash": "a\\..\\b",
    "encoded": "%2e%2e%2fkeys",
    "CRLF": "a\r\nb",
    "NUL": "\0",
    "beyond latin-1": "\u20ac",
}


@pytest.mark.parametrize("key", BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_bad_flow_control_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"^flow_control_key "):
        flow_control.get(key)


@pytest.mark.parametrize("call", KEYS.values(), ids=KEYS)
def test_every_call_checks_its_flow_control_key(call: Callable[[Any], Operation[Any]]) -> None:
    for key in ("", "../../keys/rotate"):
        with pytest.raises(ValueError, match=r"^flow_control_key "):
            call(key)


@given(st.text(min_size=1, max_size=20))
@example("a/b?c#d%20 e:f")
def test_a_flow_control_key_stays_in_its_segment(key: str) -> None:
    try:
        path = flow_control.pause(key).path
    except ValueError:
        return
    assert path.startswith("/v2/flowControl/")
    assert path.endswith("/pause")
    segment = path.removeprefix("/v2/flowControl/").removesuffix("/pause")
    assert unquote(segment) == key.strip(" \t")
    assert set(segment) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")
