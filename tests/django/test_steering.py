"""What a verified view raises: the two signals to QStash, and everything else."""

from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from qstash_integrations import NonRetryable, RetryAfter, SignatureError
from qstash_integrations.django import verify_qstash
from tests.django.shop import (
    OPTIONS,
    Host,
    raises,
    request_to,
)

verify = verify_qstash(**OPTIONS)


SIGNALS = {
    "NonRetryable": (NonRetryable(), 489, ("upstash-nonretryable-error", "true"), b'{"error":"not retryable"}'),
    "with a text": (
        NonRetryable("no such order"),
        489,
        ("upstash-nonretryable-error", "true"),
        b'{"error":"no such order"}',
    ),
    "RetryAfter": (RetryAfter(timedelta(minutes=1)), 503, ("retry-after", "60"), b'{"error":"try again later"}'),
}


@pytest.mark.sampled("kind")
@pytest.mark.parametrize(("signal", "status", "header", "body"), SIGNALS.values(), ids=SIGNALS)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_view_steers_qstash_by_raising(
    host: Host, kind: str, signal: Exception, status: int, header: tuple[str, str], body: bytes
) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        raise signal

    answer = host(path("hooks/ship", verify(view if kind == "async" else raises(signal))))(request_to())
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers[header[0]] == header[1]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("error", [KeyError("order"), SignatureError("missing", "of the view's own")])
@pytest.mark.parametrize("kind", ["sync", "async"])
@override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True)
def test_H65_H66_other_exceptions_of_the_view_pass_untouched(host: Host, kind: str, error: Exception) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        raise error

    send = host(path("hooks/ship", verify(view if kind == "async" else raises(error))))
    with pytest.raises(type(error)) as caught:
        send(request_to())
    assert caught.value is error
