"""Lengths that lie, contradict each other, or are no numbers. What follows a body is another request: never ours."""

from tests.servers.cases.bodies import CHUNKED, MALFORMED
from tests.servers.cases.case import Case, End, case
from tests.servers.cases.requests import genuine, post, raw, signature
from tests.servers.wire import chunks
from tests.signing import ATTACKER

# Lenient readers may make sense of it, as long as what they hand over is what was signed.
LENIENT = (End.RAN, *MALFORMED)
_FORGED = post(signature(genuine(key=ATTACKER)))


def _length(*lengths: bytes, body: bytes = b"hello", signed_for: bytes = b"hello") -> bytes:
    return raw(signature(genuine(signed_for)), *(b"Content-Length: " + length for length in lengths), body=body)


def _both(body: bytes, length: int, signed_for: bytes, *, length_first: bool = True) -> bytes:
    lines = (b"Content-Length: %d" % length, CHUNKED)
    return raw(signature(genuine(signed_for)), *(lines if length_first else lines[::-1]), body=body)


LENGTHS: dict[str, Case] = {
    "H33 too short, signed for all": case(_length(b"3"), ends=End.REFUSED),
    "H33 too short, signed for that much": case(_length(b"3", signed_for=b"hel"), ends=End.RAN, body=b"hel"),
    "H35 negative": case(_length(b"-5"), ends=MALFORMED),
    "H35 with a sign": case(_length(b"+5"), ends=LENIENT, body=b"hello"),
    "H35 with a zero in front": case(_length(b"05"), ends=LENIENT, body=b"hello"),
    "H35 hexadecimal": case(_length(b"0x5"), ends=MALFORMED),
    "H35 with an underscore": case(_length(b"0_5"), ends=LENIENT, body=b"hello"),
    "H35 not in ASCII": case(_length("\u0665".encode()), ends=MALFORMED),
    "H35 empty": case(_length(b""), ends=MALFORMED),
    "H35 empty, signed for none": case(_length(b"", signed_for=b""), ends=LENIENT, body=b""),
    "H35 of forty digits": case(_length(b"5" * 40), ends=MALFORMED, hang_up=True),
    "H35 two that differ, signed for the first": case(
        _length(b"3", b"5", signed_for=b"hel"), ends=LENIENT, body=b"hel"
    ),
    "H35 two that differ, signed for the second": case(_length(b"3", b"5"), ends=LENIENT, body=b"hello", hang_up=True),
    "H35 two that agree": case(_length(b"5", b"5"), ends=LENIENT, body=b"hello"),
    "H35 two in one line": case(_length(b"5, 5"), ends=LENIENT, body=b"hello"),
    "H36 chunks, and a length for the first byte": case(
        _both(chunks(b"hello"), 1, b"hello"), ends=LENIENT, body=b"hello"
    ),
    "H36 chunks, and a length, in the other order": case(
        _both(chunks(b"hello"), 1, b"hello", length_first=False), ends=LENIENT, body=b"hello"
    ),
    "H36 chunks, signed as the length has them": case(
        _both(chunks(b"hello"), len(chunks(b"hello")), chunks(b"hello")), ends=LENIENT, body=chunks(b"hello")
    ),
    "H36 no chunks, and a forged request in the length": case(
        _both(chunks() + _FORGED, len(chunks() + _FORGED), b""), ends=LENIENT, body=b""
    ),
    "H36 a forged request behind the length": case(
        _both(chunks(b"hello") + _FORGED, len(chunks(b"hello")), b"hello"), ends=LENIENT, body=b"hello"
    ),
    "H36 chunked twice": case(
        raw(signature(genuine(b"hello")), CHUNKED, CHUNKED, body=chunks(b"hello")), ends=LENIENT, body=b"hello"
    ),
    "H36 chunked, not last": case(
        raw(signature(genuine(b"hello")), b"Transfer-Encoding: chunked, identity", body=chunks(b"hello")),
        ends=LENIENT,
        body=b"hello",
        hang_up=True,
    ),
    "H36 another coding, signed for none": case(
        raw(signature(genuine(b"")), b"Transfer-Encoding: gzip", body=b"hello"), ends=MALFORMED, hang_up=True
    ),
    "H36 chunked by another name": case(
        raw(signature(genuine(b"")), b"Transfer-Encoding: xchunked", body=chunks(b"hello")),
        ends=MALFORMED,
        hang_up=True,
    ),
    "H36 chunked behind a vertical tab": case(
        raw(signature(genuine(b"")), b"Transfer-Encoding: \x0bchunked", body=chunks(b"hello")),
        ends=MALFORMED,
        hang_up=True,
    ),
    "H36 chunked in HTTP/1.0": case(
        raw(signature(genuine(b"hello")), CHUNKED, body=chunks(b"hello")).replace(b"HTTP/1.1", b"HTTP/1.0", 1),
        ends=LENIENT,
        body=b"hello",
    ),
}
