"""What is wrong with an option is said before anything is sent, and by the option's name."""

from datetime import datetime
from typing import Any

import pytest

from qstash_integrations._core.publishing.operations import batch as batches
from qstash_integrations._core.publishing.operations import message as messages
from qstash_integrations._core.publishing.operations import schedule as schedules
from tests.publish.loopback import URL

NAME = "letters, digits, '-', '_' or '.', up to 512 of them"
LATER = datetime(2027, 1, 15, 8)
REFUSED: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "headers: no dict": ({"headers": "X: 1"}, TypeError, "headers must be a dict of header names and values, not str"),
    "headers: pairs": (
        {"headers": [("X", "1")]},
        TypeError,
        "headers must be a dict of header names and values, not list",
    ),
    "headers: CRLF": (
        {"headers": {"X-A": "1\r\nUpstash-Callback: https://evil.example"}},
        ValueError,
        "headers['X-A'] has line breaks, control characters or characters beyond latin-1",
    ),
    "headers: LF": ({"headers": {"X-A": "1\n2"}}, ValueError, "headers['X-A'] has line breaks, control"),
    "headers: LF at the end": ({"headers": {"X-A": "1\n"}}, ValueError, "headers['X-A'] has line breaks, control"),
    "headers: NUL": ({"headers": {"X-A": "\0"}}, ValueError, "headers['X-A'] has line breaks, control"),
    "headers: beyond latin-1": ({"headers": {"X-A": "\u20ac"}}, ValueError, "headers['X-A'] has line breaks, control"),
    "headers: surrogate": ({"headers": {"X-A": "\ud800"}}, ValueError, "headers['X-A'] has line breaks, control"),
    "headers: bytes": ({"headers": {"X-A": b"1"}}, TypeError, "headers['X-A'] must be a str, not bytes"),
    "headers: None": ({"headers": {"X-A": None}}, TypeError, "headers['X-A'] must be a str, not NoneType"),
    "headers: bool": ({"headers": {"X-A": True}}, TypeError, "headers['X-A'] must be a str, not bool"),
    "headers: CRLF in a name": (
        {"headers": {"X-A: 1\r\nX-B": "2"}},
        ValueError,
        "headers has a header name that HTTP does not know: 'X-A: 1\\r\\nX-B'",
    ),
    "headers: a name with a blank": ({"headers": {"X A": "2"}}, ValueError, "headers has a header name that HTTP does"),
    "headers: a name with a colon": ({"headers": {"X:": "2"}}, ValueError, "headers has a header name that HTTP does"),
    "headers: a name beyond ASCII": ({"headers": {"X-\xc4": "2"}}, ValueError, "headers has a header name that HTTP"),
    "headers: no name": ({"headers": {"": "2"}}, ValueError, "a header name in headers is empty"),
    "headers: the prefix alone": (
        {"headers": {"Upstash-Forward-": "2"}},
        ValueError,
        "headers has a header name that ends",
    ),
    "headers: a name of bytes": (
        {"headers": {b"X": "2"}},
        TypeError,
        "a header name in headers must be a str, not bytes",
    ),
    "headers: twice": (
        {"headers": {"X-A": "1", "x-a": "2"}},
        ValueError,
        "headers has the header 'Upstash-Forward-x-a' twice",
    ),
    "headers: twice with the prefix": (
        {"headers": {"X-A": "1", "Upstash-Forward-X-A": "2"}},
        ValueError,
        "headers has the header 'Upstash-Forward-X-A' twice",
    ),
    "headers: two content types": (
        {"headers": {"Content-Type": "text/csv", "content-type": "text/plain"}},
        ValueError,
        "headers has the header 'Content-Type' twice",
    ),
    "callback_headers: no dict": (
        {"callback_headers": 3},
        TypeError,
        "callback_headers must be a dict of header names",
    ),
    "callback_headers: CRLF": (
        {"callback_headers": {"X": "\r\n"}},
        ValueError,
        "callback_headers['X'] has line breaks",
    ),
    "callback_headers: no name": (
        {"callback_headers": {"Forward-": "1"}},
        ValueError,
        "callback_headers has a header name that ends too early: 'Forward-'",
    ),
    "callback_headers: twice": (
        {"callback_headers": {"Retries": "1", "retries": "2"}},
        ValueError,
        "callback_headers has the header 'Upstash-Callback-retries' twice",
    ),
    "failure_callback_headers: CRLF": (
        {"failure_callback_headers": {"X": "\n"}},
        ValueError,
        "failure_callback_headers['X'] has line breaks",
    ),
    "method: unknown": (
        {"method": "BREW"},
        ValueError,
        "method must be one of GET, POST, PUT, PATCH, DELETE, not 'BREW'",
    ),
    "method: lower case": (
        {"method": "post"},
        ValueError,
        "method must be one of GET, POST, PUT, PATCH, DELETE, not 'post'",
    ),
    "method: CRLF": (
        {"method": "GET\r\n"},
        ValueError,
        "method must be one of GET, POST, PUT, PATCH, DELETE, not 'GET\\r\\n'",
    ),
    "content_type: CRLF": ({"content_type": "a/b\r\nX: 1"}, ValueError, "content_type has line breaks"),
    "content_type: blank": ({"content_type": " "}, ValueError, "content_type is blank"),
    "content_type: bytes": ({"content_type": b"a/b"}, TypeError, "content_type must be a str, not bytes"),
    "delay: negative": ({"delay": -1}, ValueError, "delay must be between 0 and ten years, not -1"),
    "delay: NaN": ({"delay": float("nan")}, ValueError, "delay must be between 0 and ten years, not nan"),
    "delay: a unit that is none": (
        {"delay": "1x"},
        ValueError,
        "delay must look like '90s', '10m' or '1d2h30m', not '1x'",
    ),
    "delay: CRLF": (
        {"delay": "1s\r\nX: 1"},
        ValueError,
        "delay must look like '90s', '10m' or '1d2h30m', not '1s\\r\\nX: 1'",
    ),
    "delay: bool": ({"delay": True}, TypeError, "delay must be a timedelta, seconds or a text like '1h30m', not bool"),
    "delay: list": ({"delay": [1]}, TypeError, "delay must be a timedelta, seconds or a text like '1h30m', not list"),
    "not_before: naive": (
        {"not_before": LATER},
        ValueError,
        "not_before is a datetime without a time zone; give it one, such as datetime.now(UTC)",
    ),
    "not_before: a date": (
        {"not_before": LATER.date()},
        TypeError,
        "not_before must be an aware datetime or Unix seconds, not date",
    ),
    "not_before: text": (
        {"not_before": "2027-01-15"},
        TypeError,
        "not_before must be an aware datetime or Unix seconds, not str",
    ),
    "not_before: bool": (
        {"not_before": True},
        TypeError,
        "not_before must be an aware datetime or Unix seconds, not bool",
    ),
    "not_before: milliseconds": (
        {"not_before": 1_800_000_000_000},
        ValueError,
        "not_before must be Unix seconds, not 1800000000000",
    ),
    "not_before: negative": ({"not_before": -1}, ValueError, "not_before must be Unix seconds, not -1"),
    "not_before: NaN": ({"not_before": float("nan")}, ValueError, "not_before must be Unix seconds, not nan"),
    "retries: negative": ({"retries": -1}, ValueError, "retries must be a number from 0 to 1000000, not -1"),
    "retries: too many": ({"retries": 10**7}, ValueError, "retries must be a number from 0 to 1000000, not 10000000"),
    "retries: text": ({"retries": "3"}, TypeError, "retries must be an int, not str"),
    "retries: bool": ({"retries": True}, TypeError, "retries must be an int, not bool"),
    "retries: float": ({"retries": 3.0}, TypeError, "retries must be an int, not float"),
    "retry_delay: CRLF": ({"retry_delay": "1\r\n"}, ValueError, "retry_delay has line breaks"),
    "retry_delay: empty": ({"retry_delay": ""}, ValueError, "retry_delay is empty"),
    "retry_delay: negative": ({"retry_delay": -1}, ValueError, "retry_delay must be a number from 0 to"),
    "retry_delay: float": ({"retry_delay": 1.5}, TypeError, "retry_delay must be a str, not float"),
    "callback: settings without URL": ({"callback": {"retries": 1}}, TypeError, "callback['url'] must be a str"),
    "callback: a delay": (
        {"callback": {"url": URL, "delay": 3}},
        TypeError,
        "unknown part of callback 'delay'; ",
    ),
    "callback: a wrong setting": (
        {"callback": {"url": URL, "retries": "1"}},
        TypeError,
        "callback['retries'] must be an int, not str",
    ),
    "callback: a wrong setting of its failure callback": (
        {"callback": {"url": URL, "failure_callback": {"url": "lost"}}},
        ValueError,
        "callback['failure_callback']['url'] must start with https:// or http://: 'lost'",
    ),
    "callback: settings in two places": (
        {"callback": {"url": URL}, "callback_headers": {"X": "1"}},
        TypeError,
        "callback has settings, and so has callback_headers; give all of them in callback",
    ),
    "callback: no URL": ({"callback": "done"}, ValueError, "callback must start with https:// or http://: 'done'"),
    "callback: CRLF": (
        {"callback": "https://a.example/\r\nX: 1"},
        ValueError,
        "callback has characters that must be percent-encoded",
    ),
    "failure_callback: no text": ({"failure_callback": 3}, TypeError, "failure_callback must be a str, not int"),
    "timeout: none at all": ({"timeout": 0}, ValueError, "timeout must be at least one second"),
    "timeout: negative": ({"timeout": -3}, ValueError, "timeout must be between 0 and ten years, not -3"),
    "deduplication_id: colon": (
        {"deduplication_id": "a:b"},
        ValueError,
        "deduplication_id must not have a colon: 'a:b'",
    ),
    "deduplication_id: empty": ({"deduplication_id": ""}, ValueError, "deduplication_id is empty"),
    "deduplication_id: blank": ({"deduplication_id": " \t"}, ValueError, "deduplication_id is blank"),
    "deduplication_id: CRLF": ({"deduplication_id": "a\r\nb"}, ValueError, "deduplication_id has line breaks"),
    "deduplication_id: number": ({"deduplication_id": 3}, TypeError, "deduplication_id must be a str, not int"),
    "content_based_deduplication: text": (
        {"content_based_deduplication": "yes"},
        TypeError,
        "content_based_deduplication must be True or False, not 'yes'",
    ),
    "flow_control: text": (
        {"flow_control": "crm"},
        TypeError,
        "flow_control must be a dict such as {'key': 'crm', 'rate': 10}, not str",
    ),
    "flow_control: no key": ({"flow_control": {"rate": 3}}, ValueError, "flow_control['key'] is empty"),
    "flow_control: CRLF": (
        {"flow_control": {"key": "a\r\nb", "rate": 3}},
        ValueError,
        "flow_control['key'] has line breaks",
    ),
    "flow_control: no limit": (
        {"flow_control": {"key": "crm", "rate": None}},
        ValueError,
        "flow_control needs parallelism, rate or period beside its key",
    ),
    "flow_control: zero": (
        {"flow_control": {"key": "crm", "parallelism": 0}},
        ValueError,
        "flow_control['parallelism'] must be a number from 1 to 1000000, not 0",
    ),
    "flow_control: text for a rate": (
        {"flow_control": {"key": "crm", "rate": "3, parallelism=1"}},
        TypeError,
        "flow_control['rate'] must be an int, not str",
    ),
    "flow_control: a period of nothing": (
        {"flow_control": {"key": "crm", "rate": 1, "period": 0}},
        ValueError,
        "flow_control['period'] must be between one second and a week, not 0",
    ),
    "flow_control: a period over a week": (
        {"flow_control": {"key": "crm", "rate": 1, "period": "7d1s"}},
        ValueError,
        "flow_control['period'] must be between one second and a week, not '7d1s'",
    ),
    "flow_control: the older name": (
        {"flow_control": {"key": "crm", "ratePerSecond": 1}},
        TypeError,
        "unknown part of flow_control 'ratePerSecond'; there are key, parallelism, period, rate",
    ),
    "flow_control: misspelled": (
        {"flow_control": {"key": "crm", "parallelsm": 1}},
        TypeError,
        "unknown part of flow_control 'parallelsm'; did you mean 'parallelism'?",
    ),
    "label: number": ({"label": 3}, TypeError, "label must be a list of texts, not int"),
    "label: empty": ({"label": ""}, ValueError, "label is empty"),
    "label: blank in a list": ({"label": ["a", " "]}, ValueError, "label is blank"),
    "label: none in a list": ({"label": []}, ValueError, "label must be a text, or a list of texts without commas"),
    "label: comma in a list": (
        {"label": ["a,b"]},
        ValueError,
        "label must be a text, or a list of texts without commas",
    ),
    "label: a colon": ({"label": "tenant:7"}, ValueError, f"label must be {NAME}, not 'tenant:7'"),
    "label: blank inside": ({"label": "sign up"}, ValueError, f"label must be {NAME}, not 'sign up'"),
    "label: no letter of ASCII": ({"label": ["caf\u00e9"]}, ValueError, f"label must be {NAME}, not 'caf\u00e9'"),
    "label: one of several": ({"label": "a, b/c"}, ValueError, f"label must be {NAME}, not 'b/c'"),
    "flow_control: a colon": (
        {"flow_control": {"key": "tenant:7", "rate": 1}},
        ValueError,
        f"flow_control['key'] must be {NAME}, not 'tenant:7'",
    ),
    "label: CRLF": ({"label": "a\r\nb"}, ValueError, "label has line breaks"),
    "redact: True": ({"redact": True}, TypeError, "redact must be a dict such as {'body': True}, not bool"),
    "redact: misspelled": (
        {"redact": {"headers": True}},
        TypeError,
        "unknown part of redact 'headers'; did you mean 'header'?",
    ),
    "redact: one header as text": (
        {"redact": {"header": "X-Key"}},
        TypeError,
        "redact['header'] must be a list of texts, not str",
    ),
    "redact: body as text": ({"redact": {"body": "no"}}, TypeError, "redact['body'] must be True or False, not 'no'"),
    "redact: an odd header name": (
        {"redact": {"header": ["a]"]}},
        ValueError,
        "redact has a header name that HTTP does not know: 'a]'",
    ),
    "body: a number": (
        {"body": 3},
        TypeError,
        "body must be bytes, str, dict or list, not int; or use the _json method",
    ),
    "body: NaN": ({"body": {"x": float("nan")}}, ValueError, "body cannot be encoded as JSON: Out of range float"),
    "body: surrogate": ({"body": "\ud800"}, ValueError, "body has lone surrogates, which are no text; give bytes"),
    "misspelled": ({"dealy": "1h"}, TypeError, "unknown option 'dealy'; did you mean 'delay'?"),
    "camel case": ({"notBefore": 3}, TypeError, "unknown option 'notBefore'; did you mean 'not_before'?"),
    "no name": ({"": 3}, TypeError, "unknown option ''; there are api, body, callback"),
    "an option of a schedule": ({"cron": "* * * * *"}, TypeError, "unknown option 'cron'"),
}


@pytest.mark.parametrize(("options", "error", "text"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_option_is_refused_by_name(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        messages.publish({"url": URL, **options}, None)
    assert str(caught.value).startswith(text)
    assert type(caught.value) is error


# A batch and a queue check by the same rules.
SOME = {name: REFUSED[name] for name in ("delay: negative", "flow_control: no limit", "misspelled")}


@pytest.mark.parametrize(("options", "error", "text"), SOME.values(), ids=SOME)
def test_a_batch_tells_which_message_it_was(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        batches.batch([{"url": URL}, {"url": URL, **options}], None)
    assert str(caught.value).startswith(f"messages[1]: {text}")


@pytest.mark.parametrize(("options", "error", "text"), SOME.values(), ids=SOME)
def test_nothing_of_it_passes_into_a_queue(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        messages.enqueue({"queue": "mail", "url": URL, **options}, None)
    assert str(caught.value).startswith(text)


SCHEDULES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no cron": ({"destination": URL}, TypeError, "cron is missing; give five fields such as '*/5 * * * *'"),
    "blank cron": ({"destination": URL, "cron": " "}, ValueError, "cron is blank"),
    "CRLF in cron": ({"destination": URL, "cron": "* * * * *\r\n"}, ValueError, "cron has line breaks"),
    "no destination": (
        {"cron": "* * * * *"},
        TypeError,
        "destination is missing; give a URL or the name of a URL group",
    ),
    "empty destination": ({"cron": "* * * * *", "destination": ""}, ValueError, "destination is empty"),
    "url for destination": ({"cron": "* * * * *", "url": URL}, TypeError, "unknown option 'url'"),
    "traversal": (
        {"cron": "* * * * *", "destination": "../keys/rotate"},
        ValueError,
        "destination must start with https://",
    ),
    "a bad schedule_id": (
        {"cron": "* * * * *", "destination": URL, "schedule_id": "a b"},
        ValueError,
        "schedule_id must be letters, digits, '-', '_' or '.', up to 512 of them, not 'a b'",
    ),
    "a bad queue": (
        {"cron": "* * * * *", "destination": URL, "queue": "../x"},
        ValueError,
        "queue must be letters, digits",
    ),
}


@pytest.mark.parametrize(("schedule", "error", "text"), SCHEDULES.values(), ids=SCHEDULES)
def test_a_wrong_schedule_is_refused_by_name(schedule: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        schedules.create(schedule)
    assert str(caught.value).startswith(text)


def test_the_secret_in_a_bad_header_is_not_shown() -> None:
    with pytest.raises(ValueError, match="line breaks") as caught:
        messages.publish({"url": URL, "headers": {"Authorization": "Bearer TESTONLYsecret\n"}}, None)
    assert "TESTONLYsecret" not in repr(caught.value)
