"""Tokens as QStash makes them, and the keys and the clock of the tests."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Any

import jwt

# Typed in part only.
PYJWT: Any = jwt
CURRENT = "sig_TESTONLYcurrent000000000000A"
NEXT = "sig_TESTONLYnext00000000000000BB"
ATTACKER = "sig_TESTONLYattacker0000000000CC"
NOW = 1_800_000_000
ORIGIN = "https://api.example.com"


def signed(body: bytes, url: str = ORIGIN + "/hooks/ship", *, key: str = CURRENT, **claims: Any) -> str:
    """The Upstash-Signature of ``body`` for ``url``; any claim can be given, None leaves it out."""
    payload = {
        "aud": "",
        "body": urlsafe_b64encode(hashlib.sha256(body).digest()).decode(),
        "exp": NOW + 300,
        "iat": NOW,
        "iss": "Upstash",
        "jti": "jwt_TESTONLY0000000000000001",
        "nbf": 0,
        "sub": url,
        **claims,
    }
    token: str = PYJWT.encode({name: value for name, value in payload.items() if value is not None}, key, "HS256")
    return token
