"""Why a probe was refused, for those alone who hold the app's own secrets: the header ``Qstash-Verdict``.

A nonce and three MACs of it and of one word, by the token and by both signing keys; random bytes stand in the place of
a secret that is not there. Always 86 characters, and without one of the secrets nothing but noise: whoever has one
tries the few words. No cipher, no buffer, no clock, so that it works in any worker, for whatever went wrong.
"""

import binascii
import hmac
import secrets
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .answers import REJECTED, Answer
from .receiver import Receiver
from .token import encode

HEADER = "qstash-verdict"
REASONS = (
    "missing",
    "malformed",
    "wrong_key",
    "issuer",
    "expired",
    "not_yet_valid",
    "url_mismatch",
    "body_mismatch",
    "body_taken",
    "unconfigured",
)
_LENGTH = 16  # bytes of the nonce, and of each MAC
_CHARACTERS = 86
# No token begins like this, so that no verdict is a signature.
_CONTEXT = b"qstash verdict 1\0"


class OpenedVerdict(NamedTuple):
    reason: str
    place: int
    """Which MAC it was: 0 by the token, 1 by the current key, 2 by the next one."""


class Verdicts:
    """The refusals of a probe. Prints nothing of its secrets."""

    __slots__ = ("_receiver", "_token")

    def __init__(self, receiver: Receiver | None, token: str | None) -> None:
        self._receiver = receiver
        self._token = token.encode("utf-8", "replace") if token else None

    def refuse(self, reason: str) -> Answer:
        """401 as everywhere, with the verdict; of a reason that is no word of these it is noise."""
        nonce = secrets.token_bytes(_LENGTH)
        macs: Sequence[bytes | None] = (None, None, None)
        if reason in REASONS:
            message = _message(nonce, reason)
            token = None if self._token is None else hmac.digest(self._token, message, "sha256")
            macs = (token, *self._by_keys(message))
        sealed = b"".join(secrets.token_bytes(_LENGTH) if mac is None else mac[:_LENGTH] for mac in macs)
        return Answer(REJECTED.status, (*REJECTED.headers, (HEADER, encode(nonce + sealed).decode())), REJECTED.body)

    def _by_keys(self, message: bytes) -> tuple[bytes | None, bytes | None]:
        if self._receiver is None:
            return None, None
        try:
            return self._receiver.macs(message)
        except Exception:  # noqa: BLE001 - an app's own receiver may have other keys: no stranger shall see it fail
            return None, None

    def __repr__(self) -> str:
        return "Verdicts(***)"


def opened(verdict: str, known: Iterable[str]) -> OpenedVerdict | None:
    """What one of these secrets opens; None where none does. Constant in nothing: it runs where the secrets are."""
    raw = _decoded(verdict)
    if raw is None:
        return None
    nonce, macs = raw[:_LENGTH], [raw[place : place + _LENGTH] for place in range(_LENGTH, len(raw), _LENGTH)]
    for secret in known:
        for reason in REASONS:
            mac = hmac.digest(secret.encode("utf-8", "replace"), _message(nonce, reason), "sha256")[:_LENGTH]
            for place, sent in enumerate(macs):
                if hmac.compare_digest(mac, sent):
                    return OpenedVerdict(reason, place)
    return None


def _message(nonce: bytes, reason: str) -> bytes:
    return _CONTEXT + nonce + reason.encode()


def _decoded(verdict: str) -> bytes | None:
    if len(verdict) != _CHARACTERS or not verdict.isascii():
        return None
    try:
        return binascii.a2b_base64(verdict.replace("-", "+").replace("_", "/") + "==")
    except ValueError:
        return None
