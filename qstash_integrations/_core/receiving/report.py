"""One log record per rejection that names the reason and what to change: for the operator, never for the client.

No token, key or body ever stands in a record, and control characters are escaped. A flood of bad requests does not
become a flood of records: the first of a reason in a minute is written, the rest are counted into the next one.
"""

import logging
import threading
import time
from collections.abc import Callable

from ..errors import ConfigurationError
from ..log_fields import fields
from ..processes import renew_in_children
from .head import Head
from .recording import count_rejection
from .token import Refusal

logger: logging.Logger = logging.getLogger("qstash_integrations")

_PERIOD = 60.0
_LONGEST = 500
_REMEDIES = {
    "missing": "it was not sent by QStash, or a proxy removes the Upstash-Signature header",
    "malformed": "it was not sent by QStash, or a proxy changes the Upstash-Signature header",
    "wrong_key": (
        "compare QSTASH_CURRENT_SIGNING_KEY and QSTASH_NEXT_SIGNING_KEY with the console (same account, same region)"
    ),
    "issuer": "it was not sent by QStash",
    "expired": "check this machine's clock, or raise clock_tolerance; an old request may be a replay",
    "not_yet_valid": "check this machine's clock, or raise clock_tolerance",
    "url_mismatch": "if the signed URL is this app's, set QSTASH_PUBLIC_URL to its origin, with the path prefix if any",
    "body_mismatch": "something between QStash and the app changes the body, or it was forged",
    "body_too_large": "raise max_body_size if such messages are expected",
    "body_timeout": (
        "the sender is slow, or a hook, a decorator or a middleware has read the body already: verify in front of it"
    ),
    "body_taken": "verify in front of whatever reads the body, such as a hook, a decorator or a middleware",
    "next_key": (
        "the keys were rotated: update QSTASH_CURRENT_SIGNING_KEY and QSTASH_NEXT_SIGNING_KEY from the console; "
        "with a KeyRing there is nothing to do"
    ),
}

_DUPLICATES = ("busy", "done")
_REPEATED = {
    "replayed": "reason=replayed: its token was presented before, so somebody repeats a request of QStash",
    "method": "reason=method: QStash sends none with this method, so somebody repeats a request of QStash",
    "busy": "another request is at work on the same message",
    "done": "the message is done",
}


class Reporter:
    """Writes at most one record per reason and minute. Safe between threads; ``now`` counts seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic, *, otel: str = "on") -> None:
        self._now = now
        self._otel = otel
        self._written_at: dict[str, float] = {}
        self._counts: dict[str, int] = {}
        self._renew()
        renew_in_children(self._renew)

    def rejected(self, head: Head, refusal: Refusal) -> None:
        """WARNING: why a request was answered 401 (or 413)."""
        count_rejection(self._otel, refusal.reason)
        unwritten = self._unwritten(refusal.reason)
        if unwritten is None:
            return
        logger.warning(
            "qstash request rejected: reason=%s method=%s path=%s: %s; %s%s",
            refusal.reason,
            _printable(head.method),
            _printable(head.target.partition("?")[0]),
            _detail(refusal),
            refusal.remedy or _REMEDIES[refusal.reason],
            f" ({unwritten} more since the last such record)" if unwritten else "",
            extra=fields(
                "rejected",
                reason=refusal.reason,
                method=head.method,
                path=head.target.partition("?")[0],
                interface=head.interface,
                count=unwritten,
            ),
        )

    def of_unknown_length(self) -> None:
        """No record: a genuine request was answered 411."""
        count_rejection(self._otel, "length_required")

    def next_key_used(self) -> None:
        """INFO: the next key has come into use."""
        if self._unwritten("next_key") is not None:
            logger.info(
                "qstash signs with the next signing key: %s", _REMEDIES["next_key"], extra=fields("next_key_used")
            )

    def repeated(self, state: str, signed_url: str) -> None:
        """INFO for a message that came again, as messages may; WARNING for a token that did, as none should."""
        if state not in _DUPLICATES:
            count_rejection(self._otel, state)
        unwritten = self._unwritten(state)
        if unwritten is not None:
            logger.log(
                logging.INFO if state in _DUPLICATES else logging.WARNING,
                "qstash request not handled again: %s; url=%s%s",
                _REPEATED.get(state, _REPEATED["replayed"]),
                _printable(signed_url.partition("?")[0]),
                f" ({unwritten} more since the last such record)" if unwritten else "",
                extra=fields("repeated", reason=state, path=signed_url.partition("?")[0], count=unwritten),
            )

    def store_failed(self, error: Exception) -> None:
        """ERROR: the store of ``once`` is unavailable. Names the class alone: the text may hold an address."""
        if self._unwritten("store") is None:
            return
        extra = fields("store_failed", error=type(error).__name__)
        if isinstance(error, ConfigurationError):
            logger.error(
                "qstash duplicate protection does not work, and requests are answered 503: %s", error, extra=extra
            )
        else:
            logger.error(
                "qstash duplicate protection failed with %s; requests are answered 503 while its store cannot be "
                "reached, and a message that was being handled may be handled again",
                type(error).__name__,
                extra=extra,
            )

    def overtaken(self, lease: float) -> None:
        """WARNING: a handler is at work, or was, whose lease ran out and whose message is another's by now."""
        if self._unwritten("overtaken") is not None:
            logger.warning(
                "qstash duplicate protection: a handler was at work for more than %.0f seconds without a renewal of "
                "its lease; another took its message over, and what becomes of the first changes nothing of that",
                lease,
                extra=fields("overtaken", seconds=lease),
            )

    def not_renewed(self, lease: float) -> None:
        """WARNING: a handler is at work, and its store has not taken a renewal for as long as its lease."""
        if self._unwritten("not_renewed") is not None:
            logger.warning(
                "qstash duplicate protection: a handler is at work whose lease could not be renewed for %.0f seconds; "
                "another may take its message over",
                lease,
                extra=fields("not_renewed", seconds=lease),
            )

    def broken(self, error: Exception) -> None:
        """ERROR: verification itself failed. Names the class alone: the text may hold secrets, unless it is our own."""
        count_rejection(self._otel, "broken")
        problem = ascii(str(error)) if isinstance(error, ConfigurationError) else type(error).__name__
        logger.error(
            "qstash verification failed with %s; the request was rejected",
            problem,
            extra=fields("broken", error=type(error).__name__),
        )

    def _unwritten(self, reason: str) -> int | None:
        """How many records of this reason went unwritten, or None when this one does too."""
        now = self._now()
        with self._lock:
            if now - self._written_at.get(reason, -_PERIOD) < _PERIOD:
                self._counts[reason] = self._counts.get(reason, 0) + 1
                return None
            self._written_at[reason] = now
            return self._counts.pop(reason, 0)

    def _renew(self) -> None:
        self._lock = threading.Lock()


def _detail(refusal: Refusal) -> str:
    if refusal.signed_url is None or refusal.expected_url is None:
        return refusal.detail
    signed, expected = refusal.signed_url, refusal.expected_url
    # Queries may carry secrets of the app: shown only when nothing else differs.
    if signed.partition("?")[0] != expected.partition("?")[0]:
        signed, expected = signed.partition("?")[0], expected.partition("?")[0]
    return f"signed_url={_printable(signed)} expected_url={_printable(expected)}"


def _printable(text: str) -> str:
    return ascii(text if len(text) <= _LONGEST else text[:_LONGEST] + "...")
