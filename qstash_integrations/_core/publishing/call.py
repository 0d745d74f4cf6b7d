"""One API call on its way: the request, what came of each try, and the result or the error at the end. No I/O.

Spec: https://upstash.com/docs/qstash/api/api-ratelimiting
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Generic, NamedTuple, NoReturn, Self, TypeAlias, TypeVar, cast
from urllib.parse import quote

from ..errors import APIError, DailyLimitError, RateLimitError, TransportError
from ..hosts import is_hosted, is_loopback, is_private
from .account import Account
from .operations import Operation, nothing
from .recording import RecordedSending, sending
from .retry import RetryPolicy, demanded

T = TypeVar("T")
_LONGEST_DETAIL = 500


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class APIRequest:
    """An HTTP request to the QStash API. Its token does not show in the repr; no tuple, as ``Account`` is none."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None

    def __repr__(self) -> str:
        return f"APIRequest({self.method} {self.url!a}, ***)"


@dataclass(frozen=True, slots=True)
class APIResponse:
    """An HTTP answer of the QStash API; header names are in lower case. Its body may hold keys and messages."""

    status: int
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Lost(NamedTuple):
    """No complete answer arrived. ``hopeless``: another try would fail in the same way."""

    problem: str
    hopeless: bool = False


Outcome: TypeAlias = APIResponse | Lost
Transport: TypeAlias = Callable[[APIRequest], Outcome]


class Tries(Generic[T]):
    """The tries of one operation. Feed ``take`` what came of each, until it says None; then ask for ``result``.

    Entered, it is recorded: its request is then the one that carries the trace context.
    """

    def __init__(self, operation: Operation[T], account: Account, policy: RetryPolicy) -> None:
        check_reachable(operation.calls, account.base_url)
        self.request = _request(operation, account)
        self._operation = operation
        self._account = account
        self._sending: RecordedSending | None = None
        self._policy = policy
        self._tries = 0
        self._started_at = time.monotonic()
        self._outcome: Outcome = Lost("the request was not sent")

    def __enter__(self) -> Self:
        recorded = self._sending = sending(self._operation, self._account)
        if recorded is not None:
            self.request = _request(recorded.operation, self._account)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._sending is not None:
            self._sending.end(error)

    def take(self, outcome: Outcome) -> float | None:
        """Seconds to wait before the next try, or None when there is none."""
        self._outcome = outcome
        self._tries += 1
        if not self._operation.repeatable or (isinstance(outcome, Lost) and outcome.hopeless):
            return None
        status, retry_after = (None, None) if isinstance(outcome, Lost) else _asked(outcome)
        elapsed = time.monotonic() - self._started_at
        return self._policy.wait(self._tries, status, retry_after, elapsed, time.time())

    def result(self) -> T:
        """What the last try brought, or the error that says why there is nothing."""
        outcome = self._outcome
        if isinstance(outcome, Lost):
            raise TransportError(self._no_answer(outcome))
        if not 200 <= outcome.status < 300:
            _raise_for(outcome)
        # Whatever stands in an answer that has nothing to say.
        result = self._operation.read(None if self._operation.read is nothing else _json(outcome))
        if self._sending is not None:
            self._sending.accepted(result)
        return result

    def _no_answer(self, lost: Lost) -> str:
        base_url = self._account.base_url
        tries = f" after {self._tries} tries" if self._tries > 1 else ""
        hint = "; is the local server running? qstash-integrations dev starts it" if is_loopback(base_url) else ""
        return f"no answer from {base_url}{tries}: {lost.problem}{hint}"


def check_reachable(calls: Mapping[str, str], base_url: str) -> None:
    """ValueError for a private URL that a hosted QStash is to call; it names the argument that the URL came in."""
    if not calls or not is_hosted(base_url):
        return
    for url, name in calls.items():
        if is_private(url):
            raise ValueError(
                f"{name} is {url.partition('?')[0][:200]!r}, on this machine or in a private network, which {base_url} "
                "cannot reach; publish under the public URL of the app (QSTASH_PUBLIC_URL, in development that of a "
                "tunnel), or set QSTASH_URL to the local server that qstash-integrations dev starts"
            )


def _request(operation: Operation[Any], account: Account) -> APIRequest:
    query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in operation.query)
    return APIRequest(
        method=operation.method,
        url=account.base_url + operation.path + (f"?{query}" if query else ""),
        headers=(
            ("Authorization", f"Bearer {account.token}"),
            ("User-Agent", "qstash_integrations"),
            *operation.headers,
        ),
        body=operation.body,
    )


def _asked(response: APIResponse) -> tuple[int | None, str | None]:
    # The day's messages are used up: no wait of ours reaches the next day.
    if response.status == 429 and "ratelimit-limit" in response.headers:
        return 400, None
    return response.status, response.headers.get("retry-after")


def _raise_for(response: APIResponse) -> NoReturn:
    detail = _detail(response)
    if response.status == 429:
        daily = "ratelimit-limit" in response.headers
        numbers = [_number(response, daily, name) for name in ("limit", "remaining", "reset")]
        error: APIError = (DailyLimitError if daily else RateLimitError)(response.status, detail, *numbers)
    else:
        error = APIError(response.status, detail)
    error.retry_after = demanded(response.headers.get("retry-after"), time.time())
    raise error


def _number(response: APIResponse, daily: bool, name: str) -> int | None:
    text = response.headers.get(f"{'' if daily else 'burst-'}ratelimit-{name}", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _detail(response: APIResponse) -> str:
    """The answer's own words, cut; QStash puts them into the field ``error``, proxies do not."""
    try:
        answer: Any = json.loads(response.body)
    except (ValueError, RecursionError):
        answer = None
    error = cast("dict[str, Any]", answer).get("error") if isinstance(answer, dict) else None
    text = error if isinstance(error, str) else response.body.decode("utf-8", "replace")
    return text[:_LONGEST_DETAIL] or "no reason given"


def _json(response: APIResponse) -> Any:
    if not response.body:
        return None
    with suppress(ValueError, RecursionError):
        return json.loads(response.body)
    # Not while that error is handled: the whole answer is in it.
    raise TransportError(f"an answer with status {response.status} that is not JSON; is QSTASH_URL the QStash API?")
