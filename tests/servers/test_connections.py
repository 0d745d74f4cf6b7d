"""More than one request on a connection: none of them gets in on another's word, and no body is ever a request."""

import pytest

from tests.servers.cases.case import End, end_of, ends_of
from tests.servers.cases.requests import BODY, genuine, post, raw, signature
from tests.servers.sites import RAN, Running
from tests.servers.wire import chunks
from tests.signing import ATTACKER

pytestmark = pytest.mark.system

TOKEN = genuine()
FORGED = genuine(key=ATTACKER)
GENUINE = post(signature(TOKEN))
CHUNKED = b"Transfer-Encoding: chunked"

UNREAD = {
    "a small one": post(body=BODY, keep=True),
    "a large one": post(body=b"x" * 100_000, keep=True),
    "a genuine request": post(body=GENUINE, keep=True),
    "a genuine request, far behind": post(body=b"x" * 65_536 + GENUINE, keep=True),
    "a genuine request in a chunk": raw(CHUNKED, body=chunks(GENUINE), keep=True),
    "a genuine request behind a forged signature": post(signature(FORGED), body=GENUINE, keep=True),
}
PIPELINES = {
    "both genuine": ((post(signature(TOKEN), keep=True), GENUINE), [End.RAN, End.RAN]),
    "the first forged": ((post(signature(FORGED), keep=True), GENUINE), [End.REFUSED, End.RAN]),
    "the second forged": ((post(signature(TOKEN), keep=True), post(signature(FORGED))), [End.RAN, End.REFUSED]),
    "the second without a signature": ((post(signature(TOKEN), keep=True), post()), [End.RAN, End.REFUSED]),
}
HEADS = {"unsigned": ((), 401, 0), "signed": ((signature(genuine(b"")),), 200, 1)}


@pytest.mark.parametrize("rejected", UNREAD.values(), ids=UNREAD)
def test_H74_a_body_left_unread_is_no_request(site: Running, rejected: bytes) -> None:
    first, *others = site.exchange(rejected, RAN)
    assert end_of(first) is End.REFUSED
    assert [answer.status for answer in others] in ([200], [])
    assert site.new_runs() == []


@pytest.mark.parametrize("rejected", UNREAD.values(), ids=UNREAD)
def test_H74_a_refused_request_does_not_spoil_the_next(site: Running, rejected: bytes) -> None:
    ends = ends_of(site.exchange(rejected, GENUINE))
    assert ends in ([End.REFUSED, End.RAN], [End.REFUSED])
    assert len(site.new_runs()) == ends.count(End.RAN)


@pytest.mark.parametrize(("sent", "expected"), PIPELINES.values(), ids=PIPELINES)
def test_pipelined_requests_are_judged_each_by_itself(
    site: Running, sent: tuple[bytes, ...], expected: list[End]
) -> None:
    ends = ends_of(site.exchange(b"".join(sent)))
    assert ends in (expected, expected[:1])
    assert len(site.new_runs()) == ends.count(End.RAN)


@pytest.mark.parametrize(("lines", "status", "runs"), HEADS.values(), ids=HEADS)
def test_H22_head_is_answered_without_a_body(site: Running, lines: tuple[bytes, ...], status: int, runs: int) -> None:
    with site.connect() as wire:
        wire.send(raw(*lines, method=b"HEAD", keep=True), RAN)
        statuses = [answer.status for answer in wire.answers(["HEAD", "GET"])]
    assert statuses in ([status, 200], [status])
    assert len(site.new_runs()) == runs


@pytest.mark.parametrize("lines", [(), (signature(FORGED),)], ids=["unsigned", "forged"])
def test_H75_no_body_is_asked_for_in_vain(site: Running, lines: tuple[bytes, ...]) -> None:
    head, body = _parts(post(*lines, b"Expect: 100-continue"))
    with site.connect() as wire:
        wire.send(head)
        answer = wire.answer()
        if not site.site.invites_late:
            assert answer is not None
            assert answer.status == 100
            wire.send(body)
            answer = next(answer for answer in wire.answers() if answer.status != 100)
    assert answer is not None
    assert end_of(answer) is End.REFUSED
    assert site.new_runs() == []


def test_H75_a_genuine_request_is_asked_for_its_body(site: Running) -> None:
    head, body = _parts(post(signature(TOKEN), b"Expect: 100-continue"))
    with site.connect() as wire:
        wire.send(head)
        invitation = wire.answer()
        wire.send(body)
        assert ends_of(wire.answers()) == [End.RAN]
    assert invitation is not None
    assert invitation.status == 100
    assert len(site.new_runs()) == 1


def _parts(request: bytes) -> tuple[bytes, bytes]:
    head, separator, body = request.partition(b"\r\n\r\n")
    return head + separator, body
