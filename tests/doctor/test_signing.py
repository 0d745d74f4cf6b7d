"""What the doctor signs is good for the probe alone, or nothing is signed."""

import socket

import httpx
import pytest

from qstash_integrations.doctor.facts import Facts
from qstash_integrations.doctor.stages import Edges, examine
from qstash_integrations.routes import Route, Verification
from tests.doctor.strangers import SHIP, TOKEN, answer_of, api, place_of, site
from tests.signing import CURRENT, NEXT

LOOSE = Verification(by="endpoint", max_body_size=1024, body_timeout=30.0, any_url=True)
ANYWHERE = Route(path="/hooks/any", handler="shop.any", methods=["POST"], verification=LOOSE)
REFUSAL = answer_of("401 Unauthorized", {"WWW-Authenticate": "Upstash-Signature"}, b'{"error":"invalid signature"}')


REFUSED_BY_SOMEBODY = answer_of(
    "401 Unauthorized",
    {"WWW-Authenticate": "Upstash-Signature", "Qstash-Verdict": "A" * 86},
    b'{"error":"invalid signature"}',
)


def asked(
    monkeypatch: pytest.MonkeyPatch, routes: list[Route], answer: bytes, current: str = CURRENT
) -> tuple[Facts, list[bytes]]:
    """What was found, and the heads of what was sent to the public URL."""
    heads: list[bytes] = []

    def talk(head: bytes, there: socket.socket) -> None:
        heads.append(head.lower())
        there.sendall(answer)

    with api({}) as qstash, site(talk) as public:
        for name, value in {
            "QSTASH_TOKEN": TOKEN,
            "QSTASH_URL": qstash,
            "QSTASH_CURRENT_SIGNING_KEY": current,
            "QSTASH_NEXT_SIGNING_KEY": NEXT,
            "QSTASH_PUBLIC_URL": public,
        }.items():
            monkeypatch.setenv(name, value)
        edges = Edges(sleep=lambda _: None, client=lambda: httpx.Client(trust_env=False))
        return examine(place_of(routes), edges), heads


def test_nothing_is_signed_where_a_route_takes_what_is_signed_for_any_url(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, heads = asked(monkeypatch, [SHIP, ANYWHERE], REFUSAL)
    assert "verify_url=False" in facts.skipped["signed"]
    assert len(heads) == 1
    assert b"upstash-signature" not in heads[0]


def test_nothing_is_signed_for_somebody_else_who_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, heads = asked(monkeypatch, [SHIP], answer_of("200 OK", {}, b'{"qstash_probe":1}'))
    assert "own refusal did not come back" in facts.skipped["signed"]
    assert len(heads) == 1


def test_the_token_is_sent_to_no_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    _, heads = asked(monkeypatch, [SHIP], REFUSAL)
    assert len(heads) == 7
    assert not any(secret.lower().encode() in head for secret in (TOKEN, CURRENT, NEXT) for head in heads)


def test_a_key_that_is_no_text_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    facts, heads = asked(monkeypatch, [SHIP], REFUSED_BY_SOMEBODY, current="sig_of_bytes_that_are_no_text_\udcff")
    assert facts.shapes.of("QSTASH_CURRENT_SIGNING_KEY").odd
    assert facts.unsigned is not None
    assert (facts.unsigned.has_verdict, facts.unsigned.verdict) == (True, None)
    assert len(heads) == 7
