"""The exceptions: what they say, what they carry, and that they travel between processes."""

import pickle
from datetime import timedelta

import pytest

from qstash_integrations import (
    APIError,
    ConfigurationError,
    DailyLimitError,
    NonRetryable,
    QStashError,
    RateLimitError,
    RetryAfter,
    SignatureError,
    TransportError,
)

URL = "https://api.example.com/hook"
SAID: dict[str, tuple[Exception, str]] = {
    "configuration": (ConfigurationError("QSTASH_TOKEN is not set"), "QSTASH_TOKEN is not set"),
    "signature": (SignatureError("url_mismatch", "signed for another URL", URL + "1", URL), "signed for another URL"),
    "API": (APIError(400, "invalid url"), "QStash answered 400: invalid url"),
    "rate limit": (RateLimitError(429, "slow down", 100, 0, 1767225900), "QStash answered 429: slow down"),
    "daily limit": (DailyLimitError(429, "come back tomorrow"), "QStash answered 429: come back tomorrow"),
    "transport": (TransportError("no answer"), "no answer"),
    "not retryable": (NonRetryable("no such order"), "no such order"),
    "not retryable, without a word": (NonRetryable(), ""),
    "later": (RetryAfter(60, "busy"), "busy"),
    "later, without a word": (RetryAfter(timedelta(minutes=1)), ""),
}


@pytest.mark.parametrize(("error", "text"), SAID.values(), ids=SAID)
def test_it_says_so(error: Exception, text: str) -> None:
    assert str(error) == text


@pytest.mark.parametrize("error", [error for error, _ in SAID.values()], ids=SAID)
def test_it_survives_pickling(error: Exception) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))


def test_a_limit_carries_what_qstash_told() -> None:
    error = RateLimitError(429, "slow down", limit=100, remaining=0, resets_at=1767225900)
    assert (error.status, error.limit, error.remaining, error.resets_at) == (429, 100, 0, 1767225900)


@pytest.mark.parametrize("error", [ConfigurationError, SignatureError, APIError, TransportError, DailyLimitError])
def test_one_class_catches_every_error(error: type[Exception]) -> None:
    assert issubclass(error, QStashError)


@pytest.mark.parametrize("signal", [NonRetryable, RetryAfter])
def test_a_signal_is_no_error_of_ours(signal: type[Exception]) -> None:
    assert not issubclass(signal, QStashError)


def test_a_configuration_error_is_a_value_error() -> None:
    assert issubclass(ConfigurationError, ValueError)


def test_a_daily_limit_is_a_rate_limit_is_an_api_error() -> None:
    assert issubclass(DailyLimitError, RateLimitError)
    assert issubclass(RateLimitError, APIError)


DELAYS = {"seconds": (60, 60), "a part of one": (0.2, 1), "none": (0, 0), "a timedelta": (timedelta(hours=1), 3600)}


@pytest.mark.parametrize(("delay", "seconds"), DELAYS.values(), ids=DELAYS)
def test_a_delay_is_rounded_up_to_whole_seconds(delay: object, seconds: int) -> None:
    assert RetryAfter(delay).seconds == seconds


@pytest.mark.parametrize("delay", [-1, "60", None, float("nan"), float("inf"), True, 10**10], ids=repr)
def test_a_delay_that_is_none_is_refused_where_it_is_written(delay: object) -> None:
    with pytest.raises(ValueError, match=r"^RetryAfter takes a number of seconds >= 0 or a timedelta, not "):
        RetryAfter(delay)
