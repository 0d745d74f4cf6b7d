"""Who may use the API: whoever has the token, and no web page that merely runs in a browser on this machine.

A page of another origin can make a browser send requests here, under a name that it let resolve to this machine.
So the names under which the server is addressed are listed, and what a browser says of a request's origin counts.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

import hmac
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote_plus

LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]", "host.docker.internal"))


class Refusal(NamedTuple):
    status: int
    error: str


class Access:
    """``names`` are the hosts that requests may be addressed to, without port; None for any.

    Prints without its token.
    """

    def __init__(self, token: str, names: frozenset[str] | None) -> None:
        self._token = token.encode()
        self._names = names

    def refusal(self, headers: Mapping[str, str], query: str) -> Refusal | None:
        """Why the request is turned away; None when it may go on. Header names are lower-case."""
        return self._wrong_place(headers) or self._wrong_token(headers, query)

    def _wrong_place(self, headers: Mapping[str, str]) -> Refusal | None:
        host = headers.get("host", "")
        if self._names is not None and _name(host) not in self._names:
            return Refusal(421, "this server is not addressed by that Host")
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != host:
            return Refusal(403, "requests from pages of another origin are refused")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Refusal(403, "requests from pages of another site are refused")
        return None

    def _wrong_token(self, headers: Mapping[str, str], query: str) -> Refusal | None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else _token_in(query)
        if hmac.compare_digest(token.encode("utf-8", "surrogatepass"), self._token):
            return None
        return Refusal(401, "unable to authenticate: invalid token")


def _name(host: str) -> str:
    """The host without its port."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()


def _token_in(query: str) -> str:
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name.lower() == "qstash_token":
            return unquote_plus(value)
    return ""
