"""Who may pass: the head of a request, then its body, become a ``Delivery`` or an ``Answer``.

The token is checked before a byte of the body is read, so a stranger can make the app neither read nor keep
anything. Every rejection is the same bytes, whatever the reason; the reason goes to the log alone. A failure of our
own code rejects as well.

Spec: https://upstash.com/docs/qstash/howto/signature
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from ..errors import ConfigurationError
from ..settings.given import VerifyingValues
from .answers import BODY_TIMED_OUT, BODY_TOO_LARGE, LENGTH_REQUIRED, REJECTED, Answer
from .delivery import Delivery
from .head import Head
from .mismatch import remedy
from .once import Once
from .receiver import Receiver
from .report import Reporter
from .runs import Store
from .same import Same, exactly
from .token import Claims, Refusal, check_body
from .urls import Expected
from .verdict import Verdicts

MAX_BODY_SIZE = 16 * 1024 * 1024  # bytes
BODY_TIMEOUT = 30.0  # seconds
TAKEN = "the body was read before it could be verified"


class GuardOptions(VerifyingValues, total=False):
    """The options of every adapter. None counts as not given.

    A wrong value is a ConfigurationError, or a TypeError, that names the option.
    """

    receiver: Receiver | None
    """Instead of one made from the settings; carries its own keys, clock and tolerance."""
    url_match: Literal["exact", "decoded"] | None
    """``"decoded"`` where the host of the app decodes the path or writes the query anew, as API Gateway, ALB, Azure and
    Vercel do: then other spellings of the signed URL fit as well. ``"exact"`` is the default."""
    verify_url: bool | None
    """False accepts requests signed for any URL of the account. Only for apps that cannot know their own."""
    max_body_size: int | None
    """Bytes, 16 MiB by default; a larger request is answered 413."""
    body_timeout: float | None
    """Seconds from the head of a genuine request to the end of its body, 30 by default; then 408."""
    once: Store | None
    """Runs the handler once per message and refuses replays; the stores are in ``qstash_integrations.once``."""


class Guard:
    """The rules of one endpoint, or of one app. Safe to share between threads and tasks.

    ``regional`` are receivers by the name that the Upstash-Region header selects; that header is unsigned and can
    only choose among our own keys. With ``of_tasks`` duplicates are known by the id of a call in the signed URL. Only a
    probe has ``verdicts``: elsewhere every refusal is the same bytes for everybody.
    """

    def __init__(
        self,
        receiver: Receiver,
        expected: Expected,
        *,
        same: Same = exactly,
        regional: Mapping[str, Receiver] | None = None,
        max_body_size: int = MAX_BODY_SIZE,
        body_timeout: float = BODY_TIMEOUT,
        once: Store | None = None,
        of_tasks: bool = False,
        otel: str = "on",
        reporter: Reporter | None = None,
        verdicts: Verdicts | None = None,
    ) -> None:
        check_limits(max_body_size, body_timeout)
        self.max_body_size = max_body_size
        self.body_timeout = body_timeout
        self._receiver = receiver
        self.prepare: Callable[[bytes | str | None], Awaitable[None]] | None = getattr(receiver, "prepare", None)
        """Of a receiver that may have to fetch its keys: event loops await this with the signature before ``admit``."""
        self._expected = expected
        self._same = same
        self._regional = regional or {}
        self._reporter = reporter or Reporter(otel=otel)
        self.otel: str = otel
        """What the setting QSTASH_OTEL says."""
        self._verdicts = verdicts
        self.once: Once | None = None if once is None else Once(once, receiver.now, self._reporter, of_tasks=of_tasks)

    def admit(self, head: Head) -> Claims | Answer:
        """Decide by the head alone: what QStash signed, or 401, 411, 413."""
        receiver = self._receiver
        try:
            if self._regional:
                region = (head.header("upstash-region") or "").upper().replace("-", "_")
                receiver = self._regional.get(region, receiver)
            outcome = receiver.authenticate(head.signature)
            # Not "if these are claims": what is neither must not pass by.
            if not isinstance(outcome, Refusal):
                if outcome.key == "next":
                    self._reporter.next_key_used()
                if not self._expected.fits(outcome.sub, head, self._same):
                    outcome = self._of_another_url(outcome.sub, head)
        except Exception as error:  # noqa: BLE001 - whatever breaks here must not let a request in
            self._reporter.broken(error)
            return self._rejection("")
        if isinstance(outcome, Refusal):
            return self.reject(head, outcome)
        if not head.length_known:
            self._reporter.of_unknown_length()
            return LENGTH_REQUIRED
        if head.content_length is not None and head.content_length > self.max_body_size:
            return self.too_large(head)
        return outcome

    def deliver(self, claims: Claims, body: bytes, head: Head) -> Delivery | Answer:
        """The body is complete: the verified delivery, or 401, 413."""
        if len(body) > self.max_body_size:
            return self.too_large(head)
        if len(body) < (head.content_length or 0):
            # Servers hand over no less than was announced: somebody ahead has read the rest, and a middleware of
            # Starlette's that did so hands on an empty body.
            return self.taken(head)
        refusal = check_body(claims, hashlib.sha256(body).digest())
        return self.reject(head, refusal) if refusal else Delivery.of(claims, body, head.headers, head.method)

    def reject(self, head: Head, refusal: Refusal) -> Answer:
        """401, and one log record that says why."""
        self._reporter.rejected(head, refusal)
        return self._rejection(refusal.reason)

    def too_large(self, head: Head) -> Answer:
        """413, and one log record that names the option."""
        detail = f"the body is over max_body_size ({self.max_body_size} bytes)"
        self._reporter.rejected(head, Refusal("body_too_large", detail))
        return BODY_TOO_LARGE

    def too_late(self, head: Head) -> Answer:
        """408, and one log record that names the option, and what else may be the cause."""
        detail = f"the body did not arrive within body_timeout ({self.body_timeout:g} seconds)"
        self._reporter.rejected(head, Refusal("body_timeout", detail))
        return BODY_TIMED_OUT

    def taken(self, head: Head, detail: str = TAKEN) -> Answer:
        """401, and one log record: somebody ahead has read the body and kept none of it."""
        return self.reject(head, Refusal("body_taken", detail))

    def _rejection(self, reason: str) -> Answer:
        return REJECTED if self._verdicts is None else self._verdicts.refuse(reason)

    def _of_another_url(self, signed_url: str, head: Head) -> Refusal:
        expected, mend = self._expected, remedy(self._expected, signed_url, head)
        return Refusal("url_mismatch", "signed for another URL", signed_url, expected.describe(head), mend)


def check_limits(max_body_size: int, body_timeout: float) -> None:
    """ConfigurationError that names the option whose value is no limit."""
    if type(max_body_size) is not int or max_body_size < 0:
        raise ConfigurationError(f"max_body_size must be a number of bytes >= 0, not {max_body_size!r}")
    if type(body_timeout) not in (int, float) or not 0 < body_timeout < float("inf"):
        raise ConfigurationError(f"body_timeout must be a number of seconds > 0, not {body_timeout!r}")
