"""A ``Receiver`` that fetches its keys from QStash, so that rotating them needs no deployment.

It asks when a token was made with a key that it does not know, or with the next one, or when the keys at hand were told
over an hour ago (``max_age``), and never more than once a minute, whatever strangers send. A key that QStash no longer
lists is refused from the answer on. Without an answer the keys at hand stay in use, a day longer than ``max_age`` at
most; without any, every request is refused.

Spec: https://upstash.com/docs/qstash/howto/roll-signing-keys
"""

import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from .errors import ConfigurationError, QStashError
from .log_fields import fields
from .processes import Threads, renew_in_children
from .publishing.client import AsyncQStash, QStash
from .publishing.operations import signing_key
from .receiving.receiver import Receiver, wall_clock
from .receiving.report import logger
from .receiving.token import Claims, Refusal
from .settings.development import remedy_for_dev_keys

FETCH_EVERY = 60.0  # seconds
# An event loop that has just prepared must not be the one that has to fetch, and wait, as the minute is over.
AFTER_PREPARED = 1.0
LONGEST_TIMEOUT = 30.0
MAX_AGE = 3600.0
AGES = (60.0, 86_400.0)
# How much longer than max_age keys are trusted that QStash has not told again.
LONGEST_SILENCE = 86_400.0
_UNCONFIRMED = Refusal(
    "wrong_key", "QStash has not told the signing keys for over a day, so those at hand are not trusted any more"
)


class KeyRing(Receiver):
    """``verify_qstash(receiver=KeyRing(QStash()))`` verifies with the keys that ``GET /v2/keys`` tells.

    ``current_signing_key`` and ``next_signing_key`` are used until then; without them the first request waits for the
    keys. A request with an unknown key waits as well, ``timeout`` seconds at most; with 0 nothing waits, and such a
    request passes when QStash sends it again. Event loops do not wait: ``prepare`` does that. ``monotonic`` counts
    seconds.

    Keys that were told ``max_age`` seconds ago (60 to 86400), or given here and never told, are fetched again behind a
    request that they verify; from twice that age on, as after a quiet night, the request waits for them.
    """

    __slots__ = (
        "__weakref__",
        "_deadline",
        "_fetched",
        "_lock",
        "_max_age",
        "_monotonic",
        "_publisher",
        "_threads",
        "_timeout",
        "_told_at",
        "_tried_at",
        "_version",
    )

    def __init__(
        self,
        publisher: QStash | AsyncQStash,
        *,
        current_signing_key: str | None = None,
        next_signing_key: str | None = None,
        timeout: float = 2.0,
        max_age: float = MAX_AGE,
        clock_tolerance: float = 5,
        allow_dev_keys: bool | None = None,
        now: Callable[[], float] = wall_clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        problem = _problem(publisher, timeout, max_age, current_signing_key is None and next_signing_key is not None)
        if problem:
            del current_signing_key, next_signing_key  # error trackers print the locals of raising frames
            raise ConfigurationError(problem)
        try:
            super().__init__(
                # To begin with a key that nobody has: an empty one would be everybody's.
                secrets.token_hex(32) if current_signing_key is None else current_signing_key,
                next_signing_key,
                clock_tolerance=clock_tolerance,
                allow_dev_keys=allow_dev_keys,
                now=now,
            )
        except ConfigurationError as error:
            problem = str(error)
        if problem:
            del current_signing_key, next_signing_key
            raise ConfigurationError(problem)
        self._publisher = publisher.sync if isinstance(publisher, AsyncQStash) else publisher
        self._timeout = timeout
        self._max_age = max_age
        self._monotonic = monotonic
        # All wait for the same answer, so one thread per event loop is enough.
        self._threads = Threads(1)
        self._tried_at: _Instant | None = None
        self._deadline = 0.0
        self._version = 0
        self._told_at: _Instant | None = None
        self._renew()
        renew_in_children(self._renew)

    def authenticate(self, signature: str | bytes | None, clock_tolerance: float | None = None) -> Claims | Refusal:
        version = self._version
        outcome = super().authenticate(signature, clock_tolerance)
        if self._must_wait(outcome):
            self._wait(*self._fetch(FETCH_EVERY + AFTER_PREPARED))
            if self._version != version:
                outcome = super().authenticate(signature, clock_tolerance)
        if isinstance(outcome, Refusal):
            return outcome
        age = self._age()
        # Of the next key: the keys were rotated, and what comes after this one is unknown yet.
        if age >= self._max_age or outcome.key == "next":
            self._fetch()
        return outcome if age < self._max_age + LONGEST_SILENCE else _UNCONFIRMED

    async def prepare(self, signature: str | bytes | None) -> None:
        """For event loops, before ``authenticate``: wait for the keys that it would wait for. Raises nothing."""
        with suppress(Exception):  # which authenticate will raise again, where it is answered
            if self._must_wait(super().authenticate(signature)):
                fetched, deadline = self._fetch()
                if self._monotonic() < deadline and not fetched.is_set():
                    await self._threads.run(self._wait, fetched, deadline)

    def _must_wait(self, outcome: Claims | Refusal) -> bool:
        """Whether the keys at hand do not suffice to decide: an unknown key, or a known one that may be gone."""
        if isinstance(outcome, Refusal):
            return outcome.reason == "wrong_key"
        return self._age() >= 2 * self._max_age

    def _age(self) -> float:
        """Seconds since the keys were told, or first used."""
        now = self._read_clocks()
        if self._told_at is None:
            self._told_at = now
        return _seconds(self._told_at, now)

    def _read_clocks(self) -> "_Instant":
        return _Instant(self._monotonic(), self._now())

    def _fetch(self, every: float = FETCH_EVERY) -> tuple[threading.Event, float]:
        """Begin to fetch the keys, unless that was tried within ``every`` seconds; until when to wait for it."""
        with self._lock:
            now = self._read_clocks()
            if self._tried_at is None or _seconds(self._tried_at, now) >= every:
                self._tried_at = now
                self._deadline = now.monotonic + self._timeout
                self._fetched = threading.Event()
                # In a thread of its own, since a timeout of HTTP is one per read and not one in all.
                threading.Thread(target=self._take, args=(self._fetched,), name="qstash-keys", daemon=True).start()
            return self._fetched, self._deadline

    def _wait(self, fetched: threading.Event, deadline: float) -> None:
        fetched.wait(max(deadline - self._monotonic(), 0.0))

    def _take(self, fetched: threading.Event) -> None:
        try:
            asked_at = self._read_clocks()
            pair = self._publisher.run(signing_key.get())
            account = self._publisher._account()  # pyright: ignore[reportPrivateUsage]
            if fetched is not self._fetched:
                return  # an answer that took over a minute, and that a newer one may have overtaken
            if self._allow_dev_keys is None:
                self._allow_dev_keys = remedy_for_dev_keys(account.base_url) is None
            self.set_keys(pair.current, pair.next)
            self._told_at = asked_at
            self._version += 1
            logger.info(
                "qstash signing keys were fetched from %s",
                account.base_url,
                extra=fields("keys_fetched", api=account.base_url),
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the keys at hand stay in use
            problem = ascii(str(error)) if isinstance(error, QStashError) else type(error).__name__
            logger.warning(
                "qstash signing keys could not be fetched, those at hand stay in use: %s",
                problem,
                extra=fields("keys_not_fetched", error=type(error).__name__),
            )
        finally:
            fetched.set()

    def _renew(self) -> None:
        """Nothing was asked yet: in the child of a fork, the thread that asked in the parent is not there."""
        self._lock = threading.Lock()
        self._fetched = threading.Event()
        self._tried_at = None


class _Instant(NamedTuple):
    """By both clocks: one may stand while the machine sleeps, the other may be set back."""

    monotonic: float
    now: float


def _seconds(since: _Instant, until: _Instant) -> float:
    return max(until.monotonic - since.monotonic, until.now - since.now)


def _problem(publisher: object, timeout: object, max_age: object, next_alone: bool) -> str | None:
    if not isinstance(publisher, QStash | AsyncQStash):
        return f"KeyRing takes a QStash or an AsyncQStash, not {type(publisher).__name__}"
    if type(timeout) not in (int, float) or not 0 <= timeout <= LONGEST_TIMEOUT:  # type: ignore[operator]
        return f"timeout must be 0 to {LONGEST_TIMEOUT:g} seconds, not {timeout!r}"
    if type(max_age) not in (int, float) or not AGES[0] <= max_age <= AGES[1]:  # type: ignore[operator]
        return f"max_age must be {AGES[0]:g} to {AGES[1]:g} seconds, not {max_age!r}"
    return "next_signing_key was given without current_signing_key" if next_alone else None
