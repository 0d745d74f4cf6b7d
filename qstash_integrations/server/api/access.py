"""Who may use the API: whoever has the token, and no web page that merely runs in a browser on this machine.

A page of another origin can make a browser send requests here, under a name that it let resolve to this machine.
So the names under which the server is addressed are listed, and what a browser says of a request's origin counts.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

import hmac
from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote_plus

# By the last one containers reach the machine that they run on.
LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "[::1]", "host.docker.internal"))


class Refusal(NamedTuple):
    status: int
    error: str


_INVALID = Refusal(401, "unable to authenticate: invalid token")


class Access:
    """``names`` are the hosts that requests may be addressed to, without port; None for any.

    ``trusted`` are those of them that whoever started the server vouches for: browsers may use them, too.
    ``code`` can be exchanged for the token once, so that a link to the dashboard need not hold the token itself.
    With ``read_only_token`` one may read, and do nothing. Prints without any of them.
    """

    def __init__(
        self,
        token: str,
        names: frozenset[str] | None,
        *,
        trusted: frozenset[str] = frozenset(),
        code: str | None = None,
        read_only_token: str | None = None,
    ) -> None:
        self._token = token
        self._names = None if names is None else names | trusted
        self._trusted = trusted
        self._code = code
        self._read_only_token = read_only_token

    def refusal(self, headers: Mapping[str, str], query: str) -> Refusal | None:
        """Why the request is turned away; None when it may go on. Header names are lower-case."""
        return self.open_refusal(headers) or self._wrong_token(headers, query)

    def open_refusal(self, headers: Mapping[str, str]) -> Refusal | None:
        """As ``refusal``, for what takes no token."""
        return self._wrong_place(headers)

    def may_only_read(self, headers: Mapping[str, str], query: str) -> bool:
        """Of a request that is not turned away."""
        return not _equal(token_of(headers, query), self._token)

    def page_refusal(self, headers: Mapping[str, str]) -> Refusal | None:
        """As ``refusal``, for what is the same for everybody and takes no token: a link elsewhere may lead to it.

        Only one that is followed: no other site gets at a page in a frame or as a script.
        """
        followed = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")) == ("navigate", "document")
        return self._wrong_host(headers) if followed else self._wrong_place(headers)

    def exchange(self, headers: Mapping[str, str]) -> Refusal | str:
        """The token, for the code in place of the token. It is worth nothing afterwards."""
        refusal = self._wrong_place(headers)
        if refusal is not None:
            return refusal
        if self._code is None or not _equal(_bearer(headers) or "", self._code):
            return _INVALID
        self._code = None
        return self._token

    def _wrong_place(self, headers: Mapping[str, str]) -> Refusal | None:
        refusal = self._wrong_host(headers)
        if refusal is not None:
            return refusal
        origin = headers.get("origin")
        if origin is not None and origin.partition("://")[2] != headers.get("host", ""):
            return Refusal(403, "requests from pages of another origin are refused")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return Refusal(403, "requests from pages of another site are refused")
        return None

    def _wrong_host(self, headers: Mapping[str, str]) -> Refusal | None:
        name = _name(headers.get("host", ""))
        if self._names is None:
            return None
        if name not in self._names:
            return Refusal(421, "this server is not addressed by that Host")
        # Of any other name it is not ours to say whose page a browser has found there before.
        if not _is_loopback(name) and name not in self._trusted and _is_of_a_browser(headers):
            return Refusal(403, f"requests of browsers to {name} are refused; use the address of the server")
        return None

    def _wrong_token(self, headers: Mapping[str, str], query: str) -> Refusal | None:
        given = token_of(headers, query)
        reads = self._read_only_token is not None and _equal(given, self._read_only_token)
        return None if _equal(given, self._token) or reads else _INVALID


def token_of(headers: Mapping[str, str], query: str) -> str:
    """The token that a request comes with, in a header or else in its query; empty when there is none."""
    bearer = _bearer(headers)
    return _token_in(query) if bearer is None else bearer


def _bearer(headers: Mapping[str, str]) -> str | None:
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return given.strip() if scheme.lower() == "bearer" else None


def _equal(given: str, expected: str) -> bool:
    """In a time that does not tell how much of it was right."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def _is_of_a_browser(headers: Mapping[str, str]) -> bool:
    told = {name: value for name, value in headers.items() if name == "origin" or name.startswith("sec-fetch-")}
    # Node says this much, and nothing else; a browser that says it says from which site, too.
    return told not in ({}, {"sec-fetch-mode": "cors"})


def _is_loopback(name: str) -> bool:
    """Whether ``name`` can mean nothing else: browsers look up no ``localhost``."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


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
