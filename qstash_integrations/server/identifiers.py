"""Random identifiers in the form that QStash gives them: a prefix and base58 characters."""

import os

_ALPHABET = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# The bytes from 232 on are dropped: 232 is the largest multiple of 58, so that every character is equally likely.
_TABLE = bytes(_ALPHABET[byte % 58] for byte in range(256))
_DROPPED = bytes(range(232, 256))


def message_id() -> str:
    return "msg_" + _base58(49)


def run_id() -> str:
    return "wfr_" + _base58(28)


def schedule_id() -> str:
    return "scd_" + _base58(28)


def token_id() -> str:
    return "jwt_" + _base58(28)


def signing_key() -> str:
    return "sig_" + _base58(28)


def password() -> str:
    return _base58(32)


def _base58(length: int) -> str:
    text = b""
    while len(text) < length:
        text += os.urandom(2 * length).translate(_TABLE, _DROPPED)
    return text[:length].decode("ascii")
