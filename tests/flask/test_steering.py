"""What a verified view raises: the two signals to QStash, and everything else."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Blueprint

from qstash_integrations import NonRetryable, RetryAfter, SignatureError
from qstash_integrations.flask import protect, verify_qstash
from tests.flask.apps import Shop, new_app, raises, send

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


@pytest.mark.parametrize(("signal", "status", "header", "body"), SIGNALS.values(), ids=SIGNALS)
@pytest.mark.parametrize("way", ["decorator", "async", "blueprint"])
def test_a_view_steers_qstash_by_raising(
    way: str, signal: Exception, status: int, header: tuple[str, str], body: bytes
) -> None:
    async def aview() -> Any:
        raise signal

    app = new_app()
    if way == "blueprint":
        hooks = protect(Blueprint("hooks", "shop"))
        hooks.post("/hooks/ship")(raises(signal))
        app.register_blueprint(hooks)
    else:
        app.post("/hooks/ship")(verify_qstash(aview if way == "async" else raises(signal)))
    answer = send(app)
    assert (answer.status, answer.body) == (status, body)
    assert answer.headers[header[0]] == header[1]


def test_a_signal_before_verification_is_no_answer_to_a_stranger() -> None:
    app = new_app()
    app.testing = True
    app.before_request(raises(NonRetryable("too early")))
    protect(app)
    with pytest.raises(NonRetryable, match="too early"):
        send(app, token="")


@pytest.mark.parametrize("error", [KeyError("order"), SignatureError("missing", "of the view's own")])
def test_H65_H66_other_exceptions_of_the_view_pass_untouched(error: Exception) -> None:
    shop = Shop(raises(error))
    shop.app.testing = True
    with pytest.raises(type(error)) as caught:
        shop.send()
    assert caught.value is error
