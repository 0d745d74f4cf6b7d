"""What becomes of a row: its own fault parks it, an account's fault parks nothing."""

import pytest

from qstash_integrations._core.errors import (
    APIError,
    ConfigurationError,
    DailyLimitError,
    RateLimitError,
    TransportError,
)
from qstash_integrations.outbox.row import Row
from qstash_integrations.outbox.rule import (
    Change,
    Fault,
    backoff,
    fault_of,
    is_worth_parting,
    parked,
    pause_after,
    reason,
    refused,
    released,
    sent,
)

NOW = 1_700_000_000_000
URL = "https://shop.example/hooks/ship"


def row(destination: str = URL, **values: object) -> Row:
    fields: dict[str, object] = {"created_at": NOW, "due_at": NOW + 60_000, "holder": "h" * 32, **values}
    return Row(id="a" * 32, destination=destination, **fields)  # type: ignore[arg-type]


FAULTS = [
    *((APIError(status, "no"), Fault.ROW) for status in (400, 413, 414, 415, 422, 431)),
    *((APIError(status, "no"), Fault.ALONE) for status in (405, 406, 409, 410, 412, 418, 451)),
    *((APIError(status, "no"), Fault.ACCOUNT) for status in (301, 401, 402, 403, 404, 408, 429, 500, 502, 503, 504)),
    (RateLimitError(429, "slowly"), Fault.ACCOUNT),
    (DailyLimitError(429, "enough"), Fault.ACCOUNT),
    (TransportError("no answer"), Fault.ACCOUNT),
    (ConfigurationError("QSTASH_TOKEN is not set"), Fault.ACCOUNT),
    (ValueError("settings are wrong"), Fault.ACCOUNT),
    (RuntimeError("whatever"), Fault.ACCOUNT),
]


@pytest.mark.parametrize(("error", "fault"), FAULTS, ids=[f"{error}" for error, _ in FAULTS])
def test_whose_fault_it_is(error: Exception, fault: Fault) -> None:
    assert fault_of(error, row()) is fault


def test_a_url_group_that_is_not_there_is_nobody_elses_fault() -> None:
    assert fault_of(APIError(404, "topic shops not found"), row("shops")) is Fault.ALONE


@pytest.mark.parametrize(
    ("error", "is_worth"),
    [
        *((APIError(status, "no"), True) for status in (400, 404, 412, 413, 422)),
        *((APIError(status, "no"), False) for status in (401, 402, 403, 429, 500, 503)),
        (TransportError("no answer"), False),
        (ConfigurationError("no token"), False),
    ],
    ids=str,
)
def test_what_was_refused_together_is_sent_one_by_one_where_that_may_help(error: Exception, is_worth: bool) -> None:
    assert is_worth_parting(error) is is_worth


def test_what_was_sent_is_deleted_or_kept() -> None:
    assert sent(row(), NOW, "msg_1", keep=False) == Change(
        id="a" * 32, holder="h" * 32, message_id="msg_1", delete=True
    )
    assert sent(row(tries=2), NOW, "msg_1", keep=True) == Change(
        id="a" * 32, holder="h" * 32, tries=2, sent_at=NOW, message_id="msg_1"
    )


def test_a_parked_row_is_never_due() -> None:
    assert parked(row(), "no") == Change(id="a" * 32, holder="h" * 32, tries=1, error="no")


def test_a_refused_row_waits_at_least_as_long_as_everybody() -> None:
    change = refused(row(tries=1), NOW, 90_000, "no")
    assert (change.tries, change.due_at, change.error) == (2, NOW + 90_000, "no")
    assert NOW + 1_000 <= (refused(row(tries=1), NOW, 0, "no").due_at or 0) <= NOW + 2_000


def test_a_released_row_is_due_at_once_as_it_was() -> None:
    change = released(row(tries=1, error="no"), NOW)
    assert (change.due_at, change.tries, change.error) == (NOW, 1, "no")


def test_waits_are_doubled_up_to_ten_minutes() -> None:
    assert [backoff(tries, lambda _, most: most) for tries in (0, 1, 2, 9, 10, 1000)] == [
        1_000, 2_000, 4_000, 512_000, 600_000, 600_000,
    ]  # fmt: skip


def test_half_of_a_wait_is_left_to_chance() -> None:
    assert backoff(2, lambda least, _: least) == 2_000


def test_a_pause_lasts_until_the_limit_is_lifted_or_a_quarter_of_an_hour() -> None:
    assert pause_after(RateLimitError(429, "no", 100, 0, NOW // 1000 + 40), 0, NOW) == 40_000
    assert pause_after(DailyLimitError(429, "no", 100, 0, NOW // 1000 + 40_000), 0, NOW) == 900_000
    assert pause_after(RateLimitError(429, "no", 100, 0, NOW // 1000 - 40), 0, NOW) <= 1_000


def test_a_reason_does_not_tell_what_the_row_holds() -> None:
    of_secrets = row(
        f"{URL}?key=topsecret1",
        body=b'{"card":"topsecret2"}',
        headers=(("Upstash-Forward-Authorization", "Bearer topsecret3"), ("Upstash-Retries", "3")),
    )
    told = APIError(400, 'no: key=topsecret1 {"card":"topsecret2"} {\\"card\\":\\"topsecret2\\"} Bearer topsecret3')
    assert reason(told, [of_secrets]) == "QStash answered 400: no: *** *** *** ***"


def test_of_an_error_that_nobody_knows_only_the_kind_is_told() -> None:
    assert reason(RuntimeError("topsecret"), [row()]) == "RuntimeError"


def test_a_reason_has_room_in_its_column() -> None:
    assert len(reason(APIError(400, "x" * 2000))) == 500
