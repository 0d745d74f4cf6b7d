"""``Receiver.verify``: the official receiver beside it, and the floor: the hashing and parsing that cannot be left out.

Before anything is timed, both receivers accept the genuine token and refuse the forged one.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from typing import Any

import qstash.errors

from qstash_integrations import SignatureError

from .measure import seconds_each
from .table import Row, at_least, at_most
from .tokens import CURRENT, KIB, NEXT, URL, WRONG, official, ours, token

MIB = KIB * 1024
US = 1e6
# As a token looks that nobody made: 16 KB, of which nothing decodes.
GARBAGE = "a.b." * 4096


def measure() -> list[Row]:
    return [
        _genuine("verify, 1 KB", KIB, CURRENT, [CURRENT], times_peer=4, of_floor=1.25),
        _genuine("verify, 1 KB, next key", KIB, NEXT, [CURRENT, NEXT], times_peer=6, of_floor=1.25),
        _large(),
        _forged("forged token", token(key=WRONG), [CURRENT, NEXT]),
        _forged("16 KB of garbage as a token", GARBAGE[: 16 * 1024], []),
    ]


def _genuine(what: str, body: bytes, key: str, keys: Sequence[str], *, times_peer: float, of_floor: float) -> Row:
    genuine = token(body, key)
    verify, verify_officially = _receivers(genuine, body)
    assert verify()
    assert verify_officially()
    assert not any(_receivers(token(body, WRONG), body)[side]() for side in (0, 1))
    found = seconds_each(
        {"ours": verify, "peer": verify_officially, "floor": lambda: hash_and_parse(genuine, body, keys)}
    )
    ratios = [
        at_least(found["peer"] / found["ours"], times_peer, "times the peer"),
        at_most(found["ours"] / found["floor"], of_floor, "of the floor"),
    ]
    return Row("verify", what, "µs", found["ours"] * US, found["peer"] * US, found["floor"] * US, ratios)


def _large() -> Row:
    genuine = token(MIB)
    verify, verify_officially = _receivers(genuine, MIB)
    assert verify()
    assert verify_officially()
    found = seconds_each({"ours": verify, "peer": verify_officially, "floor": lambda: hashlib.sha256(MIB).digest()})
    ratios = [at_most(found["ours"] / found["floor"], 1.05, "of the floor")]
    return Row("verify", "verify, 1 MB", "µs", found["ours"] * US, found["peer"] * US, found["floor"] * US, ratios)


def _forged(what: str, forged: str, keys: Sequence[str]) -> Row:
    """The floor is the MAC with each key, where there is something to make one of."""
    verify, verify_officially = _receivers(forged, KIB)
    assert not verify()
    assert not verify_officially()
    signed = forged.encode().rpartition(b".")[0]
    found = seconds_each(
        {"ours": verify, "peer": verify_officially, "floor": lambda: [_mac(key, signed) for key in keys]}
    )
    ratios = [at_most((found["ours"] - found["floor"]) * US, 10, "µs more than the MACs")]
    return Row("verify", what, "µs", found["ours"] * US, found["peer"] * US, found["floor"] * US, ratios)


def _receivers(signature: str, body: bytes) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Ours and the official one on the same request; each gives something true, or False for a refusal."""
    receiver, peer, text = ours(), official(), body.decode()

    def verify() -> object:
        try:
            return receiver.verify(signature=signature, body=body, url=URL)
        except SignatureError:
            return False

    def verify_officially() -> bool:
        try:
            peer.verify(signature=signature, body=text, url=URL)
        except qstash.errors.SignatureError:
            return False
        return True

    return verify, verify_officially


def hash_and_parse(genuine: str, body: bytes, keys: Sequence[str]) -> object:
    """What no receiver can leave out, and nothing else: not one comparison."""
    signed, _, mac = genuine.encode().rpartition(b".")
    for key in keys:
        _mac(key, signed)
    base64.urlsafe_b64decode(mac + b"=")
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(b".")[2] + b"=="))
    hashlib.sha256(body).digest()
    return claims


def _mac(key: str, signed: bytes) -> bytes:
    return hmac.digest(key.encode(), signed, "sha256")
