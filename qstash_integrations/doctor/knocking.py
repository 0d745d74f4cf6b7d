"""Stages U and S: POSTs to the probe's URL and to no other, through whatever stands before the app.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal

import httpx

from .._core.receiving.probe import FORM
from .._core.receiving.verdict import HEADER, opened
from .account import failure_of
from .answers import INVALID, text_of_ours
from .facts import ProbeAnswer, Signed
from .heard import bare, seconds_of
from .posting import Post, Response
from .signing import LIFETIME, headers_for, is_json

TIMES = 6  # requests alike, of which one may meet an instance that is stale
LARGE = 1024 * 1024  # bytes
ENCODED = "/a%20b%2Fc"
_AGENT = "qstash-integrations-doctor"
_FURTHEST = 2 * 86_400.0  # seconds that a clock is looked for
_LATE = ("expired",)


class Secrets:
    """What verdicts are opened with. Prints as stars; stands in no fact."""

    __slots__ = ("keys", "signing", "tokens")

    def __init__(self, tokens: Sequence[str | None], keys: Sequence[str | None], signing: str | None) -> None:
        self.tokens: list[str] = list(dict.fromkeys(token for token in tokens if token))
        self.keys: list[str] = list(dict.fromkeys(key for key in keys if key))
        self.signing: str | None = signing

    def __repr__(self) -> str:
        return "Secrets(***)"


class Knocker:
    """Sends requests to one URL, and reads what comes back."""

    def __init__(self, url: str, secrets: Secrets, post: Post, now: Callable[[], float] = time.time) -> None:
        self._url = url
        self._secrets = secrets
        self._post = post
        self._now = now

    def unsigned(self) -> ProbeAnswer:
        return self._knock(self._url, {"Content-Type": "application/json"}, b"")

    def signed(self) -> Signed:
        """The ones with a body only when those without have passed: they would tell nothing else."""
        empty = [self._knock_signed() for _ in range(TIMES)]
        lagging = self._lagging(empty[0])
        if not any(answer.seen for answer in empty):
            return Signed(empty=empty, lagging=lagging)
        return Signed(
            empty=empty,
            json=self._knock_signed(body=b'{"qstash": "probe", "list": [1, 2.50]}\n'),
            encoded=self._knock_signed(self._url + ENCODED),
            large=self._knock_signed(body=b"0" * LARGE),
            lagging=lagging,
        )

    def _knock_signed(self, url: str = "", body: bytes = b"", exp: float | None = None) -> ProbeAnswer:
        to = url or self._url
        return self._knock(to, headers_for(to, body, self._secrets.signing or "", now=self._now(), exp=exp), body)

    def _lagging(self, answer: ProbeAnswer) -> float | None:
        if answer.seen is not None:
            clock = seconds_of(answer.seen.get("clock"))
            return None if clock is None else self._now() - clock
        if answer.verdict not in _LATE:
            return None
        refused, taken = float(LIFETIME), _FURTHEST
        if self._knock_signed(exp=self._now() + taken).seen is None:
            return None
        while taken - refused > 2:
            middle = (refused + taken) / 2
            if self._knock_signed(exp=self._now() + middle).seen is None:
                refused = middle
            else:
                taken = middle
        return -taken

    def _knock(self, url: str, headers: dict[str, str], body: bytes) -> ProbeAnswer:
        begun = time.monotonic()
        try:
            response = self._post(url, {**headers, "User-Agent": _AGENT}, body)
        except httpx.HTTPError as error:
            return ProbeAnswer(failure=_failure(error), detail=_words(error), seconds=time.monotonic() - begun)
        return self._read(response, time.monotonic() - begun)

    def _read(self, response: Response, seconds: float) -> ProbeAnswer:
        told, text = is_json(response.content), text_of_ours(response.status, response.content)
        is_facts = response.status == 200 and told is not None and told.get("qstash_probe") == FORM
        refusal = text == INVALID and "upstash-signature" in response.headers.get("www-authenticate", "").lower()
        verdict, by = self._open(response.headers.get(HEADER)) if refusal else (None, "")
        return ProbeAnswer(
            status=response.status,
            ours=is_facts or bool(text),
            is_html="html" in response.headers.get("content-type", ""),
            text=text,
            location=bare(response.headers.get("location", "")),
            server=response.headers.get("server", "")[:200],
            via=response.headers.get("via", "")[:200],
            seconds=seconds,
            verdict=verdict,
            opened_by=by,
            has_verdict=refusal and HEADER in response.headers,
            seen=told if is_facts else None,
        )

    def _open(self, header: str | None) -> tuple[str | None, Literal["token", "key", ""]]:
        if header is None:
            return None, ""
        by_key = opened(header, self._secrets.keys)
        if by_key is not None:
            return by_key.reason, "key"
        by_token = opened(header, self._secrets.tokens)
        return (None, "") if by_token is None else (by_token.reason, "token")


def _failure(error: httpx.HTTPError) -> Any:
    if isinstance(error, httpx.TimeoutException):
        return "timeout"
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return "tls"
    text = _words(error)
    if isinstance(error, httpx.ConnectError):
        found = failure_of(text)
        return "refused" if found == "unreachable" else found
    return "broken"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    for _ in range(20):
        if error is None:
            return
        yield error
        error = error.__cause__ or error.__context__


def _words(error: httpx.HTTPError) -> str:
    return (str(error) or type(error).__name__)[:200]
