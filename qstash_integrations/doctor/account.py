"""Stage G: what the API of QStash says, by GETs alone.

Spec: https://upstash.com/docs/qstash/api/authentication
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

from .._core.errors import APIError, QStashError
from .._core.publishing.client import QStash
from .._core.publishing.manner import Manner
from .._core.publishing.results.dlq import DlqMessage
from .._core.publishing.results.log import Log
from .._core.publishing.results.signing_key import SigningKey
from .._core.publishing.retry import RetryPolicy
from .._core.settings.values import SigningKeys
from .answers import text_of_ours
from .facts import AccountFacts, PastAttempt, Planned, WaitingList
from .heard import bare, header_of

T = TypeVar("T")
_ENTRIES = 200
_ATTEMPTS = 20
_BETWEEN = 1.5  # seconds between two looks at flow control
_TIMEOUT = 10.0  # seconds
_OF_DNS = re.compile(r"resolv|no such host|name or service|nodename|getaddrinfo|has no address|unknown host", re.I)
_OF_TLS = re.compile(r"certificate|\bTLS\b|\bSSL\b|x509", re.I)
Failure = Literal["dns", "tls", "unreachable"]


def patient(client: QStash) -> QStash:
    """Of the same account, who tries once."""
    return QStash.like(
        client,
        lambda manner: Manner(
            timeout=_TIMEOUT,
            policy=RetryPolicy(0),
            http_client=manner.http_client,
            headers=manner.headers,
            allow_http=manner.allow_http,
        ),
    )


def account_of(
    client: QStash, keys: SigningKeys, *, compares: bool, sleep: Callable[[float], None]
) -> tuple[AccountFacts, SigningKey | None]:
    """And the keys of the account, which stand in no fact. ``compares``: the app verifies by those of the settings."""
    try:
        held = client.signing_key.get()
    except APIError as error:
        match error.status:
            case 401 | 403:
                return AccountFacts(failure="refused"), None
            case 404 | 405:
                return AccountFacts(failure="unknown"), None
            case status:
                return AccountFacts(failure="broken", detail=f"status {status}"), None
    except QStashError as error:
        return AccountFacts(failure=failure_of(str(error)), detail=str(error)), None
    untold: list[str] = []

    def ask(what: str, get: Callable[[], Sequence[T]]) -> Sequence[T]:
        """What is not told, such as to a token of lesser rights, is left out, and that is said."""
        try:
            return get()
        except QStashError:
            untold.append(what)
            return ()

    logs = ask("its log", lambda: client.log.list(count=_ENTRIES, trim_body=2048).logs)
    dead = ask("dead letters", lambda: client.dlq.list(count=100, trim_body=2048, order="latestFirst").messages)
    flows, events = ask("flow control", lambda: _flows(client, sleep)), attempts(logs)
    told = _compared(keys, held) if compares else {}
    return (
        AccountFacts(
            attempts=events,
            dead=[of_dead(letter) for letter in dead],
            queues=[
                WaitingList(name=queue.name, paused=queue.paused, before=queue.lag, after=queue.lag)
                for queue in ask("queues", client.queue.list)
            ],
            flows=flows,
            schedules=[
                Planned(id=one.schedule_id, url=bare(one.destination), fails=_failed(one.last_schedule_states))
                for one in ask("schedules", client.schedule.list)
                if not one.paused
            ],
            messages=_waiting(logs),
            untold=untold,
            **told,
        ),
        held,
    )


def attempts(logs: Sequence[Log]) -> list[PastAttempt]:
    """Of log entries, newest first."""
    begun = {(entry.message_id, entry.state): entry.time for entry in logs}
    found: list[PastAttempt] = []
    for entry in sorted(logs, key=lambda one: one.time, reverse=True):
        if entry.state in ("DELIVERED", "ERROR", "FAILED") and not (entry.state == "FAILED" and _is_told(entry, logs)):
            since = begun.get((entry.message_id, "ACTIVE"))
            found.append(
                _attempt(
                    entry.url,
                    entry.time,
                    entry.response_status or 0,
                    entry.response_headers,
                    _bytes(entry.response_body),
                    error=entry.error or "",
                    delivered=entry.state == "DELIVERED",
                    seconds=None if since is None or since > entry.time else (entry.time - since) / 1000,
                    body_size=len(_bytes(entry.body_base64)) or None,
                )
            )
    return found[:_ATTEMPTS]


def of_dead(letter: DlqMessage) -> PastAttempt:
    body = (letter.response_body or "").encode() or _bytes(letter.response_body_base64)
    # Where no answer came, the error stands in the place of its body.
    error = body.decode(errors="replace") if not letter.response_status else ""
    return _attempt(letter.url, letter.created_at, letter.response_status, letter.response_headers, body, error=error)


def failure_of(text: str) -> Failure:
    """Why nothing came back, by the words of whoever tried."""
    return "dns" if _OF_DNS.search(text) else "tls" if _OF_TLS.search(text) else "unreachable"


def _attempt(
    url: str,
    at: int,
    status: int,
    headers: Mapping[str, Sequence[str]] | None,
    body: bytes,
    *,
    error: str,
    delivered: bool = False,
    seconds: float | None = None,
    body_size: int | None = None,
) -> PastAttempt:
    return PastAttempt(
        url=bare(url),
        at=at,
        delivered=delivered,
        status=status,
        seconds=seconds,
        server=header_of(headers, "server"),
        via=header_of(headers, "via"),
        location=bare(header_of(headers, "location")),
        ours=text_of_ours(status, body),
        error=error[:300],
        body_size=body_size,
    )


def _is_told(entry: Log, logs: Iterable[Log]) -> bool:
    """Whether the error that a message has failed with has an entry of its own."""
    return any(other.message_id == entry.message_id and other.state == "ERROR" for other in logs)


def _compared(keys: SigningKeys, held: SigningKey) -> dict[str, Any]:
    current, following = ((key or "").strip() for key in keys)
    if not current or not following:
        return {}
    return {
        "current_fits": current == held.current,
        "next_fits": following == held.next,
        "swapped": (current, following) == (held.next, held.current) and current != following,
        "rotated": following == held.current and current != held.next,
    }


def _flows(client: QStash, sleep: Callable[[float], None]) -> list[WaitingList]:
    before = {one.key: one for one in client.flow_control.list() if one.wait_list_size}
    if not before:
        return []
    sleep(_BETWEEN)
    after = {one.key: one for one in client.flow_control.list()}
    return [
        WaitingList(
            name=key,
            paused=after[key].is_paused,
            before=one.wait_list_size,
            after=after[key].wait_list_size,
            held=after[key].parallelism_count == one.parallelism_count
            and after[key].rate_count == one.rate_count
            and after[key].wait_list_size >= one.wait_list_size,
        )
        for key, one in before.items()
        if key in after
    ]


def _waiting(logs: Iterable[Log]) -> list[Planned]:
    """Messages whose newest entry says that they will be tried again."""
    newest: dict[str, Log] = {}
    for entry in logs:
        if entry.message_id not in newest or newest[entry.message_id].time < entry.time:
            newest[entry.message_id] = entry
    return [
        Planned(id=entry.message_id, url=bare(entry.url), fails=True)
        for entry in newest.values()
        if entry.state == "RETRY"
    ]


def _failed(states: Mapping[str, str] | None) -> bool:
    return states is not None and "FAIL" in states.values()


def _bytes(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        return b""
