"""Whatever the body, its pieces and its content type: the handler reads the bytes that were signed, or does not run."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.contract.harnesses import HARNESSES, UNSIGNED, Shop
from tests.contract.test_bodies import FORM, MULTIPART, MULTIPART_BODY
from tests.contract.test_signatures import REJECTED
from tests.signing import ATTACKER, signed

CONTENT_TYPES = st.sampled_from(
    ["", "text/plain", "application/json", "application/json; charset=utf-16", FORM, MULTIPART]
) | st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40).map(str.strip)
# A server hands over at least one, if only an empty one.
PIECES = st.lists(st.binary(max_size=64), min_size=1, max_size=12)


@pytest.fixture(scope="module", params=HARNESSES)
def shop(request: pytest.FixtureRequest) -> Shop:
    """One for all examples."""
    return Shop(HARNESSES[request.param])


def answer_of(shop: Shop, pieces: list[bytes], content_type: str, **request: Any) -> Any:
    shop.calls.clear()
    return shop.send(pieces, headers=[("Content-Type", content_type)], **request)


@given(pieces=PIECES, content_type=CONTENT_TYPES)
@example(pieces=[b""], content_type=FORM)
@example(pieces=[b"id=3", b"", b"&to=%C3%A9"], content_type=FORM)
@example(pieces=[MULTIPART_BODY[:30], MULTIPART_BODY[30:]], content_type=MULTIPART)
@example(pieces=[b"", b"\xff", b"\xfe{}", b""], content_type="application/json")
def test_the_handler_reads_the_bytes_that_were_signed(shop: Shop, pieces: list[bytes], content_type: str) -> None:
    assert answer_of(shop, pieces, content_type).status == 200
    body = b"".join(pieces)
    assert shop.delivery.body == body
    assert shop.calls[0].shown == {"body": body}


@given(pieces=PIECES, content_type=CONTENT_TYPES, other=st.binary(max_size=64))
def test_and_no_others(shop: Shop, pieces: list[bytes], content_type: str, other: bytes) -> None:
    body = b"".join(pieces)
    for token in (signed(body + b"x"), signed(other + body + b"x"), signed(body, key=ATTACKER), UNSIGNED):
        assert answer_of(shop, pieces, content_type, token=token) == REJECTED
        assert shop.calls == []
