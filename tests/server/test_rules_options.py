"""Publish options out of headers: every value that is understood, every one that is refused."""

from dataclasses import replace

import pytest

from qstash_integrations.server.model import CallbackOptions, FlowControl, Header, Options, Redaction, Refused
from qstash_integrations.server.rules.options import merged, read_options

NOW = 1_800_000_000.0


def read(*headers: Header) -> Options:
    return read_options(headers, NOW)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], Options()),
        ([("Upstash-Method", "get")], Options(method="GET")),
        ([("UPSTASH-RETRIES", "0")], Options(retries=0)),
        ([("upstash-retries", " 20 ")], Options(retries=20)),
        ([("Upstash-Retries", "1"), ("upstash-retries", "2")], Options(retries=2)),
        ([("Upstash-Timeout", "90s")], Options(timeout=90)),
        ([("Upstash-Timeout", "2h")], Options(timeout=7200)),
        ([("Upstash-Delay", "1d10h30m")], Options(delay=124_200)),
        ([("Upstash-Delay", "30")], Options(delay=30)),
        ([("Upstash-Delay", "1.5")], Options(delay=2)),
        ([("Upstash-Delay", "1w")], Options(delay=604_800)),
        ([("Upstash-Delay", "1mo")], Options(delay=2_592_000)),
        ([("Upstash-Delay", "20y")], Options(delay=630_720_000)),
        ([("Upstash-Timeout", "10")], Options(timeout=10)),
        ([("Upstash-Not-Before", "1800000060.25")], Options(not_before_at=1_800_000_061)),
        ([("Upstash-Retry-Delay", "1m30s")], Options(retry_delay="1m30s")),
        ([("Upstash-Not-Before", "1800000060")], Options(not_before_at=1_800_000_060)),
        ([("Upstash-Deduplication-Id", "a b")], Options(deduplication_id="a b")),
        ([("Upstash-Deduplication-Id", "")], Options()),
        ([("Upstash-Content-Based-Deduplication", "True")], Options(content_based_deduplication=True)),
        ([("Upstash-Content-Based-Deduplication", "False")], Options()),
        ([("Upstash-Label", " a, b ,,c")], Options(labels=("a", "b", "c"))),
        ([("Upstash-Queue-Name", "mail")], Options(queue="mail")),
        ([("Upstash-Retry-Delay", "1000 * retried")], Options(retry_delay="1000 * retried")),
        ([("Upstash-Telemetry-Sdk", "x"), ("Upstash-Nonsense", "y")], Options()),
        ([("Content-Type", "text/plain")], Options(headers=(("Content-Type", "text/plain"),))),
        ([("X-Mine", "1"), ("Authorization", "Bearer x")], Options()),
        ([("Upstash-Forward-x-job-ID", " 77 ")], Options(headers=(("X-Job-Id", "77"),))),
        ([("Upstash-Forward-Authorization", "Bearer x")], Options(headers=(("Authorization", "Bearer x"),))),
        (
            [("Upstash-Forward-Upstash-Workflow-Init", "true")],
            Options(headers=(("Upstash-Workflow-Init", "true"),)),
        ),
        (
            [("Content-Type", "text/plain"), ("Upstash-Forward-content-type", "text/html")],
            Options(headers=(("Content-Type", "text/html"),)),
        ),
        (
            [("Upstash-Forward-A", "1"), ("Upstash-Forward-A", "2")],
            Options(headers=(("A", "1"), ("A", "2"))),
        ),
        ([("Upstash-Forward-Host", "evil"), ("Upstash-Forward-Upstash-Signature", "x")], Options()),
        (
            [("Upstash-Header-Forward", "true"), ("X-Hub", "1"), ("Authorization", "x"), ("Host", "y"),
             ("Upstash-Delay", "1s"), ("Upstash-Forward-X-Hub", "2"), ("Content-Length", "5"), ("Cookie", "z")],
            Options(headers=(("Cookie", "z"), ("X-Hub", "2")), delay=1),
        ),
        ([("Upstash-Header-Forward", "false"), ("X-Hub", "1")], Options()),
        (
            [("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "period=1m,parallelism=3 , rate=5")],
            Options(flow_control=FlowControl(key="crm", parallelism=3, rate=5, period=60)),
        ),
        (
            [("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "rate=10, period=1d")],
            Options(flow_control=FlowControl(key="crm", rate=10, period=86_400)),
        ),
        (
            [("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "parallelism=1")],
            Options(flow_control=FlowControl(key="crm", parallelism=1, period=1)),
        ),
        (
            [("Upstash-Callback", "https://cb.example?x=1")],
            Options(callback=CallbackOptions(url="https://cb.example?x=1")),
        ),
        (
            [("Upstash-Callback", "https://cb.example"), ("Upstash-Callback-X-Unknown", "ignored")],
            Options(callback=CallbackOptions(url="https://cb.example")),
        ),
        (
            [("Upstash-Failure-Callback", "https://f.example"), ("Upstash-Failure-Callback-Method", "put"),
             ("Upstash-Failure-Callback-Retries", "0"), ("Upstash-Failure-Callback-Retry-Delay", "5"),
             ("Upstash-Failure-Callback-Timeout", "5s"), ("Upstash-Failure-Callback-Forward-X-A", "1")],
            Options(failure_callback=CallbackOptions(
                url="https://f.example", method="PUT", retries=0, retry_delay="5", timeout=5, headers=(("X-A", "1"),)
            )),
        ),
        (
            [("Upstash-Callback", "https://cb.example"), ("Upstash-Callback-Flow-Control-Key", "crm"),
             ("Upstash-Callback-Flow-Control-Value", "rate=5")],
            Options(callback=CallbackOptions(url="https://cb.example", flow_control=FlowControl(key="crm", rate=5))),
        ),
        ([("Upstash-Callback-Retries", "many")], Options()),
        ([("Upstash-Redact-Fields", "body, header")], Options(redaction=Redaction(body=True, all_headers=True))),
        ([("Upstash-Redact-Fields", "headers")], Options(redaction=Redaction(all_headers=True))),
        (
            [("Upstash-Redact-Fields", "header[x-key],headers[Authorization]")],
            Options(redaction=Redaction(headers=("X-Key", "Authorization"))),
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_understood(headers: list[Header], expected: Options) -> None:
    assert read(*headers) == expected


@pytest.mark.parametrize(
    ("headers", "text"),
    [
        ([("Upstash-Method", "TRACE")], "invalid Upstash-Method 'TRACE': use one of GET, POST, PUT, PATCH, DELETE"),
        ([("Upstash-Retries", "-1")], "invalid Upstash-Retries '-1': it must be a whole number"),
        ([("Upstash-Retries", "1.5")], "invalid Upstash-Retries '1.5': it must be a whole number"),
        ([("Upstash-Retries", "\u0661")], "invalid Upstash-Retries '\u0661': it must be a whole number"),
        ([("Upstash-Retries", "9" * 5000)], f"invalid Upstash-Retries '{'9' * 40}': it must be a whole number"),
        ([("Upstash-Delay", "1 week")],
         "invalid duration: Upstash-Delay must look like '90s', '10m' or '1d2h30m', not '1 week'"),
        ([("Upstash-Not-Before", "tomorrow")], "invalid Upstash-Not-Before 'tomorrow': it must be Unix seconds"),
        ([("Upstash-Timeout", "0s")], "invalid Upstash-Timeout: it must be at least one second"),
        ([("Upstash-Deduplication-Id", "a:b")], "DeduplicationId cannot contain ':'"),
        ([("Upstash-Deduplication-Id", "x" * 1025)],
         "invalid Upstash-Deduplication-Id: longer than 1024 characters"),
        ([("Upstash-Content-Based-Deduplication", "yes")],
         "invalid Upstash-Content-Based-Deduplication 'yes': it must be true or false"),
        ([("Upstash-Label", ",".join("x" * 33))], "invalid Upstash-Label: at most 32 labels of 256 characters"),
        ([("Upstash-Label", "x" * 257)], "invalid Upstash-Label: at most 32 labels of 256 characters"),
        ([("Upstash-Callback", "cb.example")],
         "invalid callback url: endpoint has invalid scheme, add http:// or https://"),
        ([("Upstash-Failure-Callback", "")],
         "invalid failure callback url: endpoint has invalid scheme, add http:// or https://"),
        ([("Upstash-Callback", "https://cb.example"), ("Upstash-Callback-Delay", "5s")],
         "Upstash-Callback-Delay is not supported: callbacks cannot be delayed"),
        ([("Upstash-Callback", "https://cb.example"), ("Upstash-Callback-Retries", "x")],
         "invalid Upstash-Callback-Retries 'x': it must be a whole number"),
        ([("Upstash-Callback", "https://cb.example"), ("Upstash-Callback-Flow-Control-Value", "rate=1")],
         "Upstash-Flow-Control-Value needs an Upstash-Flow-Control-Key"),
        ([("Upstash-Redact-Fields", "url")],
         "invalid Upstash-Redact-Fields 'url': use body, header or header[Name]"),
        ([("Upstash-Flow-Control-Key", "crm")],
         "Upstash-Flow-Control-Key needs an Upstash-Flow-Control-Value such as 'parallelism=3'"),
        ([("Upstash-Flow-Control-Value", "rate=1")], "Upstash-Flow-Control-Value needs an Upstash-Flow-Control-Key"),
        ([("Upstash-Flow-Control-Key", "a/b"), ("Upstash-Flow-Control-Value", "rate=1")],
         "invalid flow control key: at most 256 printable characters without '/'"),
        ([("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "rate=1,rate=2")],
         "invalid Upstash-Flow-Control-Value: unknown or repeated part 'rate=2'"),
        ([("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "speed=1")],
         "invalid Upstash-Flow-Control-Value: unknown or repeated part 'speed=1'"),
        ([("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "rate=0")],
         "invalid flow control: rate must be between 1 and 999999999, not 0"),
        ([("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "rate=x")],
         "invalid flow control: rate must be a whole number from 1 on, not 'x'"),
        ([("Upstash-Flow-Control-Key", "crm"), ("Upstash-Flow-Control-Value", "rate=1,period=8d")],
         "invalid flow control: period must be between 1s and 7d"),
        ([("Upstash-Forward-X-A", "a\r\nX-B: b")],
         "invalid value of the header to forward 'X-A': line breaks or characters beyond latin-1"),
        ([("Upstash-Forward-X-A", "\u20ac")],
         "invalid value of the header to forward 'X-A': line breaks or characters beyond latin-1"),
        ([("Upstash-Forward-X A", "1")], "invalid header name to forward: 'X A'"),
        ([("Upstash-Forward-", "1")], "invalid header name to forward: ''"),
        ([(f"Upstash-Forward-X-{number}", "1") for number in range(65)],
         "too many headers to forward: at most 64"),
        ([("Upstash-Forward-X", "x" * 16_384)], "the headers to forward are larger than 16384 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_refused(headers: list[Header], text: str) -> None:
    with pytest.raises(Refused) as refusal:
        read(*headers)
    assert (refusal.value.status, refusal.value.text) == (400, text)


def test_what_is_left_out_stays_as_in_the_base() -> None:
    base = Options(
        retries=9, headers=(("A", "1"), ("B", "1")), labels=("x",), callback=CallbackOptions(url="https://a")
    )

    options = read_options([("Upstash-Retries", "1"), ("Upstash-Forward-B", "2")], NOW, base)

    assert options == replace(base, retries=1, headers=(("A", "1"), ("B", "2")))


def test_a_request_wins_over_defaults_name_by_name() -> None:
    defaults = (("Upstash-Retries", "1"), ("Upstash-Label", "group"))
    request = (("upstash-retries", "2"), ("X", "1"))
    assert merged(defaults, request) == (("Upstash-Label", "group"), ("upstash-retries", "2"), ("X", "1"))
