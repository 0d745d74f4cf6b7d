"""Every exception that this package raises, and the two signals that a handler may raise. Imports nothing.

No message holds a signing key, a token, a signature or a body. All of them pickle.
"""

_UNAUTHORIZED = (
    "; QSTASH_TOKEN is no token of the QStash at QSTASH_URL: copy it from the console, where each region has its own, "
    "or from what qstash-integrations dev prints"
)


class QStashError(Exception):
    """The base of every error of this package; ``NonRetryable`` and ``RetryAfter``, signals to QStash, are apart.

    Nothing that it holds is a secret, and it pickles.
    """


class ConfigurationError(QStashError, ValueError):
    """A setting or an option is missing or wrong; the message names it and says what to set. A ValueError too."""


class SignatureError(QStashError):
    """A request that QStash did not sign, or not for this URL, body or moment.

    ``reason`` is one of ``missing``, ``malformed``, ``wrong_key``, ``issuer``, ``expired``, ``not_yet_valid``,
    ``url_mismatch`` and ``body_mismatch``. The two URLs are set for ``url_mismatch`` only.
    """

    def __init__(
        self, reason: str, detail: str, signed_url: str | None = None, expected_url: str | None = None
    ) -> None:
        super().__init__(reason, detail, signed_url, expected_url)
        self.reason = reason
        self.detail = detail
        self.signed_url = signed_url
        self.expected_url = expected_url

    def __str__(self) -> str:
        return self.detail


class APIError(QStashError):
    """QStash answered with an error: ``status`` is the HTTP status, ``detail`` its text, cut to 500 characters.

    Of a 401 the text names the setting as well. ``retry_after`` is the seconds that it asks to wait, 0 where it asks
    for nothing. What may be sent twice was tried again after 429 and 5xx, as often as the client's ``retry`` says.
    """

    retry_after: float = 0.0

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail

    def __str__(self) -> str:
        remedy = _UNAUTHORIZED if self.status == 401 else ""
        return f"QStash answered {self.status}: {self.detail}{remedy}"


class RateLimitError(APIError):
    """Too many calls in a second (429): ``remaining`` of ``limit`` are left until ``resets_at``, in Unix seconds.

    What QStash did not tell is None.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        limit: int | None = None,
        remaining: int | None = None,
        resets_at: int | None = None,
    ) -> None:
        super().__init__(status, detail)
        Exception.__init__(self, status, detail, limit, remaining, resets_at)  # it pickles by these
        self.limit = limit
        self.remaining = remaining
        self.resets_at = resets_at


class DailyLimitError(RateLimitError):
    """The day's messages of the plan are used up (429); trying again before ``resets_at`` is of no use."""


class TransportError(QStashError):
    """No complete answer arrived from QStash: connection refused or lost, or the timeout passed.

    Whether QStash took what was sent is not known; publishing it again under the same ``deduplication_id`` within ten
    minutes delivers it once.
    """


class NonRetryable(Exception):
    """Raise it in a verified handler when trying again is of no use: QStash gets 489 and stops retrying.

    The text becomes the ``error`` in the answer, which QStash shows in its logs.

    Spec: https://upstash.com/docs/qstash/features/retry
    """


class RetryAfter(Exception):
    """Raise it in a verified handler to be called again after ``delay``: QStash gets 503 with ``Retry-After``.

    ``delay`` is seconds or a ``timedelta``, rounded up to whole seconds. QStash ignores more than one day.

    Spec: https://upstash.com/docs/qstash/features/retry
    """

    def __init__(self, delay: object, message: str = "") -> None:
        super().__init__(delay, message)
        total_seconds = getattr(delay, "total_seconds", None)
        seconds = total_seconds() if callable(total_seconds) else delay
        if type(seconds) not in (int, float) or not 0 <= seconds <= 10**9:  # type: ignore[operator]
            raise ValueError(f"RetryAfter takes a number of seconds >= 0 or a timedelta, not {delay!r}")
        self.seconds: int = -int(-seconds // 1)  # type: ignore[operator]
        self.message = message

    def __str__(self) -> str:
        return self.message


class InProgress(RetryAfter):
    """Raised by an inbox: another request is at work on the same message. QStash gets 409 with ``Retry-After``."""


class Replayed(NonRetryable):
    """Raised by an inbox: the token was presented before, so somebody repeats a request of QStash. It gets 401."""
