"""What may be wrong with a body whose length is told honestly, or in chunks."""

import random

from tests.servers.cases.case import Case, End, case
from tests.servers.cases.requests import BODY, genuine, post, raw, signature
from tests.servers.options import MAX_BODY_SIZE
from tests.servers.wire import chunks
from tests.signing import ATTACKER

CHUNKED = b"Transfer-Encoding: chunked"
# Django reads no body without a length, unless the server has found it out.
READ_OR_NOT = (End.RAN, End.NO_LENGTH)
REFUSED = (End.REFUSED, End.NO_LENGTH)
MALFORMED = (*REFUSED, End.INCOMPLETE, End.TURNED_AWAY)
FORM = b"Content-Type: application/x-www-form-urlencoded"
_NOISE = random.Random(38).randbytes(MAX_BODY_SIZE)
_LETTERS = b"x" * 5000


def _chunked(*parts: bytes) -> bytes:
    """A chunked request that is signed for the whole of its body."""
    return raw(signature(genuine(b"".join(parts))), CHUNKED, body=chunks(*parts))


def _coded(body: bytes, *lines: bytes) -> bytes:
    """A chunked request that is signed for "hello" and comes as ``body``."""
    return raw(signature(genuine(b"hello")), CHUNKED, *lines, body=body)


BODIES: dict[str, Case] = {
    "H17 a byte changed": case(post(signature(genuine()), body=BODY.replace(b"3", b"4")), ends=End.REFUSED),
    "H18 signed for none": case(post(signature(genuine(b""))), ends=End.REFUSED),
    "H18 a form, signed for none": case(post(signature(genuine(b"")), FORM, body=b"amount=1000000"), ends=End.REFUSED),
    "H19 none, and no length": case(raw(signature(genuine(b""))), ends=End.RAN, body=b""),
    "H26 two chunks": case(_chunked(b"hello ", b"world"), ends=READ_OR_NOT, body=b"hello world"),
    "H26 extensions": case(
        _coded(b'5;a=b;c="d"\r\nhello\r\n0\r\n\r\n'), ends=(*READ_OR_NOT, *MALFORMED), body=b"hello"
    ),
    "H26 a signature in the trailer": case(
        raw(
            CHUNKED,
            b"Trailer: Upstash-Signature",
            body=b"5\r\nhello\r\n0\r\n" + signature(genuine(b"hello")) + b"\r\n\r\n",
        ),
        ends=MALFORMED,
        body=b"hello",
    ),
    "H26 a forged signature, a genuine one in the trailer": case(
        raw(
            signature(genuine(b"hello", key=ATTACKER)),
            CHUNKED,
            body=b"5\r\nhello\r\n0\r\n" + signature(genuine(b"hello")) + b"\r\n\r\n",
        ),
        ends=MALFORMED,
    ),
    "H27 chunks, signed for none": case(
        raw(signature(genuine(b"")), CHUNKED, body=chunks(b"amount=", b"1000000")), ends=REFUSED
    ),
    "H27 chunks of a form, signed for none": case(
        raw(signature(genuine(b"")), CHUNKED, FORM, body=chunks(b"amount=", b"1000000")), ends=REFUSED
    ),
    "H28 five thousand chunks": case(_chunked(*(b"x" for _ in _LETTERS)), ends=READ_OR_NOT, body=_LETTERS),
    "H30 over the limit": case(post(signature(genuine(_NOISE + b"x")), body=_NOISE + b"x"), ends=End.TOO_LARGE),
    "H31 over the limit in chunks": case(_chunked(_NOISE, b"x" * 65536), ends=(End.TOO_LARGE, End.NO_LENGTH)),
    "H32 exactly the limit": case(post(signature(genuine(_NOISE)), body=_NOISE), ends=End.RAN, body=_NOISE),
    "H26 a size that is no number": case(_coded(b"zz\r\nhello\r\n0\r\n\r\n"), ends=MALFORMED),
    "H26 a size with a sign": case(_coded(b"+5\r\nhello\r\n0\r\n\r\n"), ends=(End.RAN, *MALFORMED), body=b"hello"),
    "H26 a size over 64 bits": case(
        _coded(b"10000000000000005\r\nhello\r\n0\r\n\r\n"), ends=(End.RAN, *MALFORMED), body=b"hello", hang_up=True
    ),
    "H26 no CRLF after a chunk": case(_coded(b"5\r\nhelloXX0\r\n\r\n"), ends=MALFORMED, body=b"hello"),
    "H37 chunks that stop after one": case(_coded(b"5\r\nhello\r\n"), ends=MALFORMED, body=b"hello", hang_up=True),
    "H37 a chunk that stops": case(_coded(b"9\r\nhello"), ends=MALFORMED, body=b"hello", hang_up=True),
    "H37 a length and less, signed for less": case(
        raw(signature(genuine(b"hello")), b"Content-Length: 50", body=b"hello"), ends=MALFORMED, hang_up=True
    ),
    "H37 a length and nothing, signed for nothing": case(
        raw(signature(genuine(b"")), b"Content-Length: 50"), ends=MALFORMED, hang_up=True
    ),
    "H39 said to be compressed": case(post(signature(genuine()), b"Content-Encoding: gzip"), ends=End.RAN),
}
