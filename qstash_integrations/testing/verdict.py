"""Answers that a test must not take for an ordinary failure: nobody there, a genuine message refused, a bug."""

import logging
from collections.abc import Sequence

from .seen import Attempt

logger: logging.Logger = logging.getLogger("qstash_integrations")


class NotServed(AssertionError):
    """A message went to a URL that no app in the test serves."""


class Refused(AssertionError):
    """The app did not take a genuine message for one."""


def check(attempts: Sequence[Attempt], *, strict: bool, raise_errors: bool, served_at: str) -> None:
    """Raises NotServed, Refused or what a handler raised, for the first attempt that calls for it."""
    for attempt in attempts:
        if attempt.error is not None:
            if raise_errors:
                raise attempt.error
            # It may be what the test is about; if not, the test's report shows where it came from.
            logger.error("the handler of %s failed", attempt.url, exc_info=attempt.error)
        elif strict:
            _check_arrived(attempt, served_at)


def _check_arrived(attempt: Attempt, served_at: str) -> None:
    if attempt.status == 0:
        raise NotServed(
            f"{attempt.url} was published to, and no app serves it: the one under test is at {served_at}. Set "
            "QSTASH_PUBLIC_URL (or public_url=) to the app's own URL, or mount another app: .mount(base, app)"
        )
    if attempt.status in (404, 405) or 300 <= attempt.status < 400:
        kind = ", a redirect, which counts as a failure" if attempt.status < 400 else ""
        raise NotServed(
            f"{attempt.url} was published to, and the app answered {attempt.method} with {attempt.status}{kind}; "
            "if it means that, set .strict = False"
        )
    challenge = ("www-authenticate", "Upstash-Signature")
    if attempt.status == 401 and any((name.lower(), value) == challenge for name, value in attempt.answer_headers):
        raise Refused(
            f"the app refused a genuine delivery to {attempt.url}; its log record (logger qstash_integrations) "
            "says why, and which setting to change"
        )
