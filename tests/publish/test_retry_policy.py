"""When an API call is tried again, and after how long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstash_integrations import ConfigurationError
from qstash_integrations._core.publishing.retry import RetryPolicy

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


def fixed(milliseconds: object, retries: int = 5) -> RetryPolicy:
    return RetryPolicy(retries, lambda retry: milliseconds)  # type: ignore[arg-type,return-value]


def waited(
    policy: RetryPolicy, tries: int = 1, status: int | None = None, retry_after: str | None = None, elapsed: float = 0.0
) -> float | None:
    return policy.wait(tries, status, retry_after, elapsed, NOW)


@pytest.mark.parametrize("status", [None, 429, 500, 501, 502, 503, 504, 507, 599])
def test_a_lost_connection_and_a_passing_failure_are_tried_again(status: int | None) -> None:
    assert waited(fixed(100), status=status) == 0.1


@pytest.mark.parametrize(
    "status", [200, 201, 202, 204, 301, 307, 400, 401, 403, 404, 408, 409, 412, 413, 428, 499, 600]
)
def test_everything_else_is_final(status: int) -> None:
    assert waited(fixed(100), status=status) is None


def test_there_are_as_many_retries_as_asked_for() -> None:
    assert [waited(fixed(100, 2), tries) for tries in (1, 2, 3)] == [0.1, 0.1, None]
    assert waited(fixed(100, 0)) is None


def test_the_default_doubles_from_a_tenth_of_a_second_up_to_ten_with_half_of_it_at_random() -> None:
    policy = RetryPolicy(20)
    for tries, most in ((1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8), (5, 1.6), (6, 3.2), (7, 6.4), (8, 10.0), (20, 10.0)):
        waits = {waited(policy, tries) for _ in range(50)}
        assert all(wait is not None and most / 2 <= wait <= most for wait in waits)
        assert len(waits) > 1
    assert RetryPolicy().retries == 5


def test_the_backoff_counts_retries_from_0_and_gives_milliseconds() -> None:
    def backoff(retry: int) -> float:
        return 50.0 * 10**retry

    policy = RetryPolicy(3, backoff)
    assert [waited(policy, tries) for tries in (1, 2, 3)] == [0.05, 0.5, 5.0]


@pytest.mark.parametrize(
    ("milliseconds", "seconds"), [(-1, 0.0), (0, 0.0), (60_001, 60.0), (float("inf"), 60.0), (1.5, 0.0015)]
)
def test_a_backoff_is_kept_between_nothing_and_a_minute(milliseconds: float, seconds: float) -> None:
    assert waited(fixed(milliseconds)) == seconds


@pytest.mark.parametrize("result", [None, "100", float("nan"), True], ids=repr)
def test_a_backoff_that_gives_no_milliseconds_is_a_programming_error(result: object) -> None:
    with pytest.raises(TypeError, match=r"^retry\['backoff'\] must return milliseconds, not "):
        waited(fixed(result))


RETRY_AFTER = {
    "seconds": ("7", 7.0),
    "fraction": ("0.5", 0.5),
    "a date": ("Fri, 15 Jan 2027 08:00:07 GMT", 7.0),
    "a date in another zone": ("Fri, 15 Jan 2027 10:00:07 +0200", 7.0),
    "a date of no zone": ("Fri, 15 Jan 2027 08:00:07 -0000", 7.0),
    "a minute": ("60", 60.0),
    "zero": ("0", 0.1),
    "a date in the past": ("Fri, 15 Jan 2027 07:00:00 GMT", 0.1),
    "negative": ("-5", 0.1),
    "words": ("soon", 0.1),
    "nothing": ("", 0.1),
    "a full stop": (".", 0.1),
    "infinite": ("inf", 0.1),
    "no number": ("nan", 0.1),
    "exponent": ("1e1", 0.1),
    "other digits": ("\u0667", 0.1),
    "endless": ("1" * 65, 0.1),
    "longer than a minute": ("61", None),
    "a date tomorrow": ("Sat, 16 Jan 2027 08:00:00 GMT", None),
}


@pytest.mark.parametrize(("text", "seconds"), RETRY_AFTER.values(), ids=RETRY_AFTER)
def test_retry_after_is_honoured_or_given_up_but_never_hammered(text: str, seconds: float | None) -> None:
    assert waited(fixed(100), status=503, retry_after=text) == seconds


@given(st.text(max_size=40))
def test_no_retry_after_breaks_anything(text: str) -> None:
    wait = waited(fixed(100), status=429, retry_after=text)
    assert wait is None or 0.1 <= wait <= 60.0


def test_all_tries_begin_within_five_minutes() -> None:
    assert waited(fixed(1000), elapsed=299.0) == 1.0
    assert waited(fixed(1000), elapsed=299.1) is None
    assert waited(fixed(1000, 100), tries=50, status=503, retry_after="60", elapsed=241.0) is None


SPELLINGS: dict[str, tuple[object, int]] = {
    "the default": (None, 5),
    "none": (False, 0),
    "retries": ({"retries": 2}, 2),
    "no retries": ({"retries": 0}, 0),
    "the original's attempts": ({"attempts": 2}, 1),
    "one attempt": ({"attempts": 1}, 0),
    "a backoff alone": ({"backoff": float}, 5),
    "an empty dict": ({}, 5),
}


@pytest.mark.parametrize(("retry", "retries"), SPELLINGS.values(), ids=SPELLINGS)
def test_the_spellings_of_retry(retry: object, retries: int) -> None:
    assert RetryPolicy.of(retry).retries == retries  # type: ignore[arg-type]


WRONG: dict[str, tuple[object, type[Exception], str]] = {
    "True": (True, TypeError, "retry must be False or a dict such as {'retries': 2}, not True"),
    "a number": (3, TypeError, "retry must be False or a dict such as {'retries': 2}, not 3"),
    "misspelled": ({"retry": 2}, TypeError, "unknown part of retry 'retry'; did you mean 'retries'?"),
    "both counts": (
        {"retries": 2, "attempts": 3},
        ConfigurationError,
        "retry has both 'retries' and 'attempts'; 'attempts' counts the first try as well",
    ),
    "negative": ({"retries": -1}, ConfigurationError, "retry['retries'] must be a number from 0 to 100, not -1"),
    "no attempt": ({"attempts": 0}, ConfigurationError, "retry['attempts'] must be a number from 1 to 100, not 0"),
    "endless": ({"retries": 101}, ConfigurationError, "retry['retries'] must be a number from 0 to 100, not 101"),
    "text": ({"retries": "2"}, ConfigurationError, "retry['retries'] must be a number from 0 to 100, not '2'"),
    "bool": ({"retries": True}, ConfigurationError, "retry['retries'] must be a number from 0 to 100, not True"),
    "backoff": (
        {"backoff": 100},
        TypeError,
        "retry['backoff'] must be a function from the retry's number to milliseconds",
    ),
}


@pytest.mark.parametrize(("retry", "error", "text"), WRONG.values(), ids=WRONG)
def test_a_wrong_retry_is_refused(retry: object, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        RetryPolicy.of(retry)  # type: ignore[arg-type]
    assert str(caught.value) == text
