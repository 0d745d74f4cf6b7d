"""Whoever answers at the public URL is not trusted: not to end, not to be small, and not to be a probe."""

import gzip
import itertools
import json
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import httpx
import pytest

from qstash_integrations.doctor.facts import ProbeAnswer, Signed
from qstash_integrations.doctor.knocking import Knocker, Secrets
from qstash_integrations.doctor.posting import LARGEST, post_with
from tests.doctor.strangers import TOKEN, answer_of, site
from tests.signing import CURRENT, NEXT

NOW = 1_800_000_000.0
REFUSED = b'{"error":"invalid signature"}'
Talk = Callable[[bytes, socket.socket], object]


def knocker(url: str, client: httpx.Client, within: float = 5.0) -> Knocker:
    secrets = Secrets([TOKEN], [CURRENT, NEXT], CURRENT)
    return Knocker(f"{url}/qstash/probe", secrets, post_with(client, within), lambda: NOW)


def unsigned(talk: Talk, within: float = 5.0) -> ProbeAnswer:
    with site(talk) as url, httpx.Client(trust_env=False) as client:
        return knocker(url, client, within).unsigned()


def signed(talk: Talk) -> Signed:
    with site(talk) as url, httpx.Client(trust_env=False) as client:
        return knocker(url, client).signed()


def saying(answer: bytes) -> Talk:
    return lambda _, there: there.sendall(answer)


def dripping(beginning: bytes, drop: bytes) -> Talk:
    def talk(_: bytes, there: socket.socket) -> None:
        with suppress(OSError):
            there.sendall(beginning)
            for _drop in range(200):
                time.sleep(0.02)
                there.sendall(drop)

    return talk


ENDLESS = {
    "its status": dripping(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "its headers": dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "its body": dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=ENDLESS)
def test_an_answer_that_trickles_ends_in_time(talk: Talk) -> None:
    begun = time.monotonic()
    assert unsigned(talk, within=0.3).failure == "timeout"
    assert time.monotonic() - begun < 2


def test_of_an_endless_answer_no_more_is_read_than_counts() -> None:
    sent = 0

    def talk(_: bytes, there: socket.socket) -> None:
        nonlocal sent
        there.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with suppress(OSError):
            while sent < 100 * 1024 * 1024:
                sent += there.send(b"x" * 65536)

    assert unsigned(talk).status == 200
    assert LARGEST <= sent < 32 * 1024 * 1024  # what lies in the buffers of both ends


def test_nothing_is_unpacked() -> None:
    facts = gzip.compress(json.dumps({"qstash_probe": 1}).encode())
    answer = unsigned(saying(answer_of("200 OK", {"Content-Encoding": "gzip"}, facts)))
    assert (answer.status, answer.ours) == (200, False)


def test_a_cookie_binds_no_request_to_one_instance() -> None:
    heads: list[bytes] = []

    def talk(head: bytes, there: socket.socket) -> None:
        heads.append(head)
        there.sendall(answer_of("401 Unauthorized", {"Set-Cookie": "instance=1"}, REFUSED))

    signed(talk)
    assert len(heads) == 6
    assert not any(b"cookie" in head.lower() for head in heads)


def test_a_redirect_is_followed_by_nothing_that_is_signed() -> None:
    asked: list[bytes] = []
    with site(lambda head, _: asked.append(head)) as elsewhere:
        location = {"Location": f"{elsewhere}/metadata?token=planted"}
        answer = signed(saying(answer_of("307 Temporary Redirect", location, b""))).empty[0]
    assert (answer.status, answer.location) == (307, f"{elsewhere}/metadata")
    assert asked == []


ODD: dict[str, Any] = {
    "a clock that is no number": {"clock": "now"},
    "a clock beyond all years": {"clock": 10**400},
    "a clock that is infinite": {"clock": float("inf")},
    "no clock": {},
}


@pytest.mark.parametrize("told", ODD.values(), ids=ODD)
def test_facts_of_an_odd_form_tell_no_clock(told: Any) -> None:
    body = json.dumps({"qstash_probe": 1, **told}).encode()
    found = signed(saying(answer_of("200 OK", {}, body)))
    assert (found.lagging, len(found.empty)) == (None, 6)


STRANGE = {
    "a Location that is none": (answer_of("302 Found", {"Location": "http://["}, b""), 302),
    "another kind of Location": (answer_of("300 Multiple Choices", {"Location": "http://["}, b""), 300),
    "a Date of no year": (answer_of("404 Not Found", {"Date": "Mon, 01 Jan 0000 00:00:00 GMT"}, b""), 404),
    "brackets without end": (answer_of("200 OK", {}, b"[" * 60_000), 200),
    "an object without end": (answer_of("200 OK", {}, b'{"qstash_probe":' * 4_000), 200),
    "another encoding": (answer_of("200 OK", {}, b"\xff\xfe\x00"), 200),
    "no HTTP": (b"220 mail ready\r\n", 0),
    "nothing": (b"", 0),
    "a verdict that is none": (
        answer_of("401 Unauthorized", {"WWW-Authenticate": "Upstash-Signature", "Qstash-Verdict": "!" * 86}, REFUSED),
        401,
    ),
}


@pytest.mark.parametrize(("answer", "status"), STRANGE.values(), ids=STRANGE)
def test_an_answer_that_is_none_stops_nothing(answer: bytes, status: int) -> None:
    found = unsigned(saying(answer))
    assert (found.status, found.verdict, found.seen, found.location) == (status, None, None, "")


def test_whatever_is_answered_only_the_probes_own_urls_are_asked_and_signed_for() -> None:
    targets: list[bytes] = []

    def talk(head: bytes, there: socket.socket) -> None:
        targets.append(re.sub(rb" HTTP.*", b"", head.splitlines()[0]))
        there.sendall(answer_of("200 OK", {}, b'{"qstash_probe":1,"signed_url":"https://evil.example/hooks"}'))

    signed(talk)
    asked = {target for target, _ in itertools.groupby(targets)}
    assert asked == {b"POST /qstash/probe", b"POST /qstash/probe/a%20b%2Fc"}
