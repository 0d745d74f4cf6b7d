"""Requests byte by byte, and tokens that are genuine now."""

import time

from tests.signing import CURRENT, ORIGIN, signed

HOOK = "/hook"
BODY = b'{"order":"o-3c9f"}'
# Far ahead: tables are made when tests are collected, and used when the whole run gets to them.
NEVER = 4_000_000_000


def genuine(body: bytes = BODY, url: str = ORIGIN + HOOK, *, key: str = CURRENT) -> bytes:
    """A token as QStash makes it, but one that lasts."""
    return signed(body, url, key=key, iat=int(time.time()), exp=NEVER).encode()


def signature(token: bytes) -> bytes:
    return b"Upstash-Signature: " + token


def post(
    *lines: bytes, body: bytes = BODY, target: bytes = HOOK.encode(), method: bytes = b"POST", keep: bool = False
) -> bytes:
    """A request with its length, after which the connection is to be closed unless ``keep``."""
    length = b"Content-Length: %d" % len(body)
    return raw(*lines, length, body=body, target=target, method=method, keep=keep)


def raw(
    *lines: bytes, body: bytes = b"", target: bytes = HOOK.encode(), method: bytes = b"POST", keep: bool = False
) -> bytes:
    """A request without a length, unless ``lines`` has one."""
    usual = (b"Host: api.example.com",) if keep else (b"Host: api.example.com", b"Connection: close")
    return bare(method + b" " + target + b" HTTP/1.1", *usual, *lines, body=body)


def bare(*lines: bytes, body: bytes = b"") -> bytes:
    return b"\r\n".join((*lines, b"", b"")) + body
