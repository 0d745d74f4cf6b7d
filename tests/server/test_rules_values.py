"""Destinations, header names, identifiers, deduplication keys and flow-control counts."""

import re
from collections.abc import Callable

import pytest

from qstash_integrations.server import identifiers
from qstash_integrations.server.model import Flow, Options, Refused, milliseconds
from qstash_integrations.server.rules.dedup import dedup_key
from qstash_integrations.server.rules.destination import check_group, check_name, check_url
from qstash_integrations.server.rules.flow_control import at, opens_at, room, started
from qstash_integrations.server.rules.headers import by_name, canonical, forwarded, relayed

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com/",
        "HTTPS://Example.com/x?a=1&b=%20",
        "http://localhost:8000/hook",
        "http://127.0.0.1:1",
        "http://[::1]:8000/x",
        "https://example.com/a//b/../c",
        "https://example.com?sleep=30000",
        "https://my_host.example/x",
        "https://example.com/{id}|x",
    ],
)
def test_a_url_stays_as_it_is(url: str) -> None:
    assert check_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com",
        "ftp://example.com",
        "https://",
        "https:///path",
        "https://?x=1",
        "https://example.com:0",
        "https://example.com:65536",
        "https://example.com:",
        "https://example.com:80:80",
        "https://example.com:8a",
        "https://user@example.com",
        "https://:pw@example.com",
        "https://[::1",
        "https://::1",
        "https://exa mple.com",
        "https://example.com/a b",
        "https://example.com/\r\nHost: x",
        "https://example.com/\x00",
        "https://example.com/#fragment",
        "https://example.com/\u00e4",
        "https://ex\u00e4mple.com",
        "https://example.com\\@evil.example",
        'https://example.com/"',
        "https://exa%6dple.com",
        "https://example.com/" + "x" * 8192,
    ],
)
def test_what_cannot_be_sent_to_is_refused(url: str) -> None:
    with pytest.raises(Refused) as refusal:
        check_url(url, "endpoint")
    assert refusal.value.status == 400
    assert refusal.value.text.startswith("invalid endpoint url: ")


@pytest.mark.parametrize("name", ["a", "my-group_1.x", "x" * 256])
def test_good_names(name: str) -> None:
    assert check_name(name, "queue name") == check_group(name) == name


@pytest.mark.parametrize("name", ["", ".", "..", "a b", "a/b", "a:b", "\u00e4", "a\n", "x" * 257, None, 7, ["a"]])
def test_bad_names(name: object) -> None:
    with pytest.raises(Refused) as refusal:
        check_name(name, "queue name")
    assert refusal.value.status == 400
    assert refusal.value.text.startswith("invalid queue name ")


def test_the_language_model_proxy_is_not_there() -> None:
    with pytest.raises(Refused, match="this server has no LLM API; give its URL"):
        check_group("api/llm")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x-job", "X-Job"),
        ("X-JOB-ID", "X-Job-Id"),
        ("bypass-tunnel-reminder", "Bypass-Tunnel-Reminder"),
        ("etag", "Etag"),
        ("x--y", "X--Y"),
    ],
)
def test_names_are_spelled_as_in_go(name: str, expected: str) -> None:
    assert canonical(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "Connection", "Content-Length", "Expect", "Host", "HTTP2-Settings", "Keep-Alive", "Proxy-Authenticate",
        "proxy-authorization", "Proxy-Connection", "Proxy-Status", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        "Upstash-Caller-Ip", "Upstash-Hops", "Upstash-Message-Id", "Upstash-Region", "Upstash-Retried",
        "Upstash-Schedule-Id", "upstash-signature", "Upstash-Topic-Name",
    ],
)  # fmt: skip
def test_E8_what_belongs_to_one_hop_or_is_said_by_the_server_is_not_forwarded(name: str) -> None:
    assert forwarded(name, "x") is None
    assert relayed([(name, "x")]) == []


def test_E8_what_a_connection_names_is_not_relayed() -> None:
    headers = [("Connection", "close, X-Hop"), ("x-hop", "1"), ("connection", "X-Too"), ("X-Too", "2"), ("X-On", "3")]
    assert relayed(headers) == [("X-On", "3")]


def test_values_of_one_name_are_listed_together() -> None:
    assert by_name((("set-cookie", "a"), ("ETag", "x"), ("Set-Cookie", "b"))) == {
        "Set-Cookie": ["a", "b"],
        "Etag": ["x"],
    }


BASE58 = "[1-9A-HJ-NP-Za-km-z]"


@pytest.mark.parametrize(
    ("made", "form"),
    [
        (identifiers.message_id, f"msg_{BASE58}{{49}}"),
        (identifiers.schedule_id, f"scd_{BASE58}{{28}}"),
        (identifiers.token_id, f"jwt_{BASE58}{{28}}"),
        (identifiers.signing_key, f"sig_{BASE58}{{28}}"),
        (identifiers.password, f"{BASE58}{{32}}"),
    ],
    ids=["message", "schedule", "token", "key", "password"],
)
def test_identifiers_have_their_form_and_do_not_repeat(made: Callable[[], str], form: str) -> None:
    found = {made() for _ in range(1000)}
    assert len(found) == 1000
    assert all(re.fullmatch(form, identifier) for identifier in found)


def test_every_character_is_as_likely_as_any_other() -> None:
    text = "".join(identifiers.password() for _ in range(4000))
    counts = [text.count(character) for character in sorted(set(text))]
    # 128,000 draws from 58: 2,207 of each, give or take seven standard deviations.
    assert len(counts) == 58
    assert all(1880 < count < 2540 for count in counts)


def test_nothing_to_compare_is_no_key() -> None:
    assert dedup_key("https://a", b"", Options(), None) is None


def test_lists_of_parts_do_not_read_alike() -> None:
    keys = {
        dedup_key("https://a", b"b", Options(content_based_deduplication=True), None),
        dedup_key("https://ab", b"", Options(content_based_deduplication=True), None),
        dedup_key("https://a", b"", Options(content_based_deduplication=True, headers=(("b", ""),)), None),
        dedup_key("https://a", b"", Options(content_based_deduplication=True, headers=(("", "b"),)), None),
        dedup_key("https://a", b"b", Options(deduplication_id="b"), None),
        dedup_key("https://a", b"b", Options(deduplication_id="b"), "group"),
        dedup_key("https://b", b"b", Options(deduplication_id="b"), "group"),
    }
    assert len(keys) == 7


def test_the_order_and_case_of_header_names_do_not_matter() -> None:
    one = Options(content_based_deduplication=True, headers=(("A", "1"), ("B", "2")))
    two = Options(content_based_deduplication=True, headers=(("b", "2"), ("a", "1")))
    assert dedup_key("https://a", b"", one, None) == dedup_key("https://a", b"", two, None)


FLOW = Flow(key="crm", parallelism=2, rate=3, period=10)


@pytest.mark.parametrize(
    ("flow", "free", "opens"),
    [
        (Flow(key="k", parallelism=None, rate=None, period=1, active=99), None, NOW),
        (Flow(key="k", parallelism=2, rate=None, period=1), 2, NOW),
        (Flow(key="k", parallelism=2, rate=None, period=1, active=2), 0, None),
        (Flow(key="k", parallelism=2, rate=None, period=1, active=5), 0, None),
        (Flow(key="k", parallelism=None, rate=3, period=10, rate_count=3, period_start_at=NOW - 4), 0, NOW + 6),
        (Flow(key="k", parallelism=None, rate=3, period=10, rate_count=3, period_start_at=NOW - 10), 3, NOW),
        (Flow(key="k", parallelism=1, rate=3, period=10, active=1, rate_count=3, period_start_at=NOW), 0, None),
        (Flow(key="k", parallelism=9, rate=9, period=1, paused=True), 0, None),
    ],
    ids=["unlimited", "empty", "full", "over", "rate used up", "period over", "both used up", "paused"],
)
def test_how_many_may_start_and_when_the_next(flow: Flow, free: int | None, opens: float | None) -> None:
    assert room(flow, NOW) == free
    assert opens_at(flow, NOW) == opens


def test_starting_counts_and_begins_a_period_once() -> None:
    flow = started(FLOW, 2, NOW)
    assert (flow.active, flow.rate_count, flow.period_start_at) == (2, 2, NOW)

    flow = started(flow, 1, NOW + 9)
    assert (flow.active, flow.rate_count, flow.period_start_at) == (3, 3, NOW)

    assert at(flow, NOW + 10).rate_count == 0
    flow = started(flow, 1, NOW + 12)
    assert (flow.rate_count, flow.period_start_at) == (1, NOW + 12)


def test_starting_nothing_begins_nothing() -> None:
    assert started(FLOW, 0, NOW) == FLOW


@pytest.mark.parametrize(
    ("instant", "expected"), [(1.001, 1001), (1_800_000_000.123, 1_800_000_000_123), (0.0, 0), (1.0004, 1000)]
)
def test_instants_are_spelled_in_milliseconds(instant: float, expected: int) -> None:
    assert milliseconds(instant) == expected
