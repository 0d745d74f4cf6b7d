"""One attempt as a line in a terminal, or as values for machines."""

from ..._core.task_urls import task_of
from ..attempt import Attempt
from ..model import Outcome

_GREEN, _YELLOW, _RED, _DIM, _PLAIN = "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[2m", "\x1b[0m"
_LONGEST_URL = 200


def line(attempt: Attempt, *, colour: bool = False) -> str:
    """``200   12 ms  msg_...  POST http://...``, or ``task shop.tasks.ship`` where that is what was called.

    What was left out of a URL is its query, which may hold secrets.
    """
    message, outcome = attempt.message, attempt.outcome
    status = f"{outcome.status or '---'}"
    if colour:
        status = f"{_colour(outcome)}{status}{_PLAIN}"
    parts = [
        status,
        f"{attempt.seconds * 1000:5.0f} ms",
        message.id,
        *_called(message.options.method, message.url),
    ]
    if message.retried:
        parts.append(f"(retry {message.retried} of {message.options.retries})")
    if outcome.error:
        parts.append(f"{_DIM}{printable(outcome.error)}{_PLAIN}" if colour else printable(outcome.error))
    return "  ".join(parts)


def summary(attempt: Attempt) -> dict[str, str | int | float]:
    """The same for machines, as values that JSON has: ``status`` is 0 where no answer arrived."""
    message, outcome = attempt.message, attempt.outcome
    fields: dict[str, str | int | float] = {
        "status": outcome.status,
        "milliseconds": round(attempt.seconds * 1000, 1),
        "messageId": message.id,
        "method": message.options.method,
        "url": message.url.partition("?")[0],
        **({"task": task} if (task := task_of(message.url)) else {}),
        "retried": message.retried,
        "maxRetries": message.options.retries,
    }
    return {**fields, "error": outcome.error} if outcome.error else fields


def printable(text: str) -> str:
    """Nothing in it moves the cursor, changes colours or reverses what stands around it."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def _called(method: str, url: str) -> tuple[str, str]:
    task = task_of(url)
    return ("task", task) if task else (method, _without_query(url))


def _without_query(url: str) -> str:
    path, question_mark, _ = printable(url).partition("?")
    shown = path if len(path) <= _LONGEST_URL else path[:_LONGEST_URL] + "..."
    return f"{shown}?..." if question_mark else shown


def _colour(outcome: Outcome) -> str:
    if outcome.delivered:
        return _GREEN
    return _YELLOW if outcome.status in (429, 503) else _RED
