"""Tokens that live for five minutes by the real clock, and bodies that come late or not at all."""

import time
from typing import Any

import pytest

from tests.servers.cases.case import End, end_of, ends_of
from tests.servers.cases.requests import BODY, genuine, post, raw, signature
from tests.servers.sites import Running
from tests.servers.wire import chunks
from tests.signing import ATTACKER, CURRENT, NEXT, ORIGIN, signed

pytestmark = pytest.mark.system

HALF = len(BODY) // 2
LIFETIMES: dict[str, tuple[dict[str, Any], int, End]] = {
    "H01 now": ({}, 0, End.RAN),
    "H02 now, by the next key": ({"key": NEXT}, 0, End.RAN),
    "H16 six minutes ago": ({}, -360, End.REFUSED),
    "H16 in six minutes": ({"valid_from": 360}, 360, End.REFUSED),
}


@pytest.mark.parametrize(("options", "shift", "end"), LIFETIMES.values(), ids=LIFETIMES)
def test_a_token_passes_while_it_lives(site: Running, options: dict[str, Any], shift: int, end: End) -> None:
    issued_at = int(time.time()) + shift
    valid_from = issued_at if "valid_from" in options else 0
    token = signed(
        BODY, ORIGIN + "/hook", key=options.get("key", CURRENT), iat=issued_at, nbf=valid_from, exp=issued_at + 300
    )
    assert ends_of(site.exchange(post(signature(token.encode())))) == [end]
    assert len(site.new_runs()) == (end is End.RAN)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_body_may_come_in_parts(site: Running, is_chunked: bool) -> None:
    parts = (BODY[:HALF], BODY[HALF:])
    if is_chunked:
        head = raw(signature(genuine()), b"Transfer-Encoding: chunked")
        parts = (b"%x\r\n%s\r\n" % (HALF, parts[0]), chunks(parts[1]))
    else:
        head = raw(signature(genuine()), b"Content-Length: %d" % len(BODY))
    with site.connect() as wire:
        for part in (head, *parts):
            wire.send(part)
            time.sleep(0.02)  # so that the server sees them one by one
        (end,) = ends_of(wire.answers())
    runs = site.new_runs()
    # Django reads no chunks under WSGI.
    assert end is End.RAN or (end is End.NO_LENGTH and is_chunked)
    assert len(runs) == (end is End.RAN)


def test_A23_a_forged_request_is_refused_before_its_body_comes(site: Running) -> None:
    request = post(signature(genuine(key=ATTACKER)))
    with site.connect() as wire:
        wire.send(request[: -len(BODY)])
        if not site.site.answers_early:
            wire.send(BODY)
        answer = wire.answer()
    assert answer is not None
    assert end_of(answer) is End.REFUSED
    assert site.new_runs() == []


def test_A23_a_genuine_body_that_does_not_come_is_given_up(site: Running) -> None:
    request = post(signature(genuine(url=ORIGIN + "/slow")), target=b"/slow")
    with site.connect() as wire:
        wire.send(request[:-HALF])
        if site.site.streams:
            answer = wire.answer()
            assert answer is not None
            assert (answer.status, answer.body) == (408, b'{"error":"body timeout"}')
        else:
            wire.reset()
    assert site.new_runs() == []


def test_A23_a_byte_now_and_then_does_not_buy_more_time(site: Running) -> None:
    body = b"x" * 10_000
    request = post(signature(genuine(body, ORIGIN + "/slow")), target=b"/slow", body=body)
    with site.connect() as wire:
        wire.send(request[: -len(body)])
        for _ in range(600 if site.site.streams else 2):
            wire.send(b"x")
            if wire.is_answered(within=0.05):
                answer = wire.answer()
                assert answer is not None
                assert (answer.status, answer.body) == (408, b'{"error":"body timeout"}')
                break
        else:
            assert not site.site.streams
    assert site.new_runs() == []


@pytest.mark.parametrize("cut", [1, HALF, len(BODY)], ids=["a byte is missing", "half is missing", "all is missing"])
def test_H34_H37_a_client_that_is_gone_runs_nothing(site: Running, cut: int) -> None:
    wire = site.connect()
    wire.send(post(signature(genuine()))[:-cut])
    wire.reset()
    assert site.new_runs() == []
