"""Django's technical pages print settings, headers and the locals of every frame: no secret may stand among them."""

from typing import Any

import pytest
from django.test import override_settings
from django.urls import path

from qstash_integrations._core.publishing.client import APIResponse
from qstash_integrations.django import verify_qstash
from tests.core.test_settings import everything_in
from tests.django.shop import HOSTS, Host, publish, raises, request_to
from tests.outbox import outbox
from tests.signing import CURRENT, NEXT, ORIGIN, signed

TABLE = {
    "TOKEN": "qstash_TESTONLYtoken",
    "CURRENT_SIGNING_KEY": CURRENT,
    "NEXT_SIGNING_KEY": NEXT,
    "PUBLIC_URL": ORIGIN,
    "EU_CENTRAL_1_QSTASH_TOKEN": "qstash_TESTONLYtoken_eu",
}
FLAT = {name if "QSTASH" in name else f"QSTASH_{name}": value for name, value in TABLE.items()}
SECRET_TEXT = "sig_TESTONLYsecret with a blank"
TOKEN = signed(b"secret body", exp=2**40)
# The body last: what a view publishes is among its own locals.
SECRETS = (CURRENT, NEXT, "TESTONLY", TOKEN, TOKEN.split(".")[2], "secret body")

PAGES: dict[str, tuple[dict[str, Any], str]] = {
    "an error in the view, the dict": ({"QSTASH": TABLE}, "KeyError"),
    "an error in the view, flat names": (FLAT, "KeyError"),
    "a key with a blank": ({"QSTASH": {**TABLE, "NEXT_SIGNING_KEY": SECRET_TEXT}}, "has blanks"),
    "a key that is cut": ({**FLAT, "QSTASH_CURRENT_SIGNING_KEY": "TESTONLY"}, "cut short"),
    "a key of the wrong type": ({"QSTASH": {**TABLE, "NEXT_SIGNING_KEY": NEXT.encode()}}, "must be a text"),
    "an unknown name": ({"QSTASH": {**TABLE, "NEXT_KEYS": NEXT}}, "NEXT_KEYS"),
    "no public URL": ({"QSTASH": {**TABLE, "PUBLIC_URL": None}}, "QSTASH_PUBLIC_URL is not set"),
    "a regional key that is cut": (
        {
            "QSTASH": {
                **TABLE,
                "REGION": "EU_CENTRAL_1",
                "EU_CENTRAL_1_QSTASH_CURRENT_SIGNING_KEY": "TESTONLY",
                "EU_CENTRAL_1_QSTASH_NEXT_SIGNING_KEY": NEXT,
            }
        },
        "cut short",
    ),
}


@pytest.mark.parametrize(("settings", "shown"), PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("accept", ["text/html", "text/plain"])
def test_D28_the_technical_500_page_shows_no_secret(
    host: Host, settings: dict[str, Any], shown: str, accept: str
) -> None:
    send = host(path("hooks/ship", verify_qstash(raises(KeyError("order")))))
    with override_settings(DEBUG=True, **settings):
        answer = send(request_to(body=b"secret body", token=TOKEN, headers=(("Accept", accept),)))
    page = answer.body.decode()
    assert (answer.status, shown in page, "verified" in page) == (500, True, True)
    assert [secret for secret in SECRETS if secret in page] == []


@pytest.mark.parametrize(("settings", "shown"), PAGES.values(), ids=PAGES)
@override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True)
def test_no_frame_of_ours_holds_a_secret(settings: dict[str, Any], shown: str) -> None:
    send = HOSTS["wsgi"](path("hooks/ship", verify_qstash(raises(KeyError("order")))))
    with override_settings(**settings), pytest.raises(Exception, match=shown.replace("KeyError", "order")) as caught:
        send(request_to(body=b"secret body", token=TOKEN))
    locals_of_ours = " ".join(everything_in(caught.value))
    assert [secret for secret in SECRETS if secret in locals_of_ours] == []


@pytest.mark.parametrize(
    ("settings", "shown"),
    [({"TOKEN": "TESTONLY with blanks"}, "QSTASH_TOKEN has blanks"), ({"TOKENS": "x"}, "has no setting")],
    ids=["a token with blanks", "an unknown name"],
)
def test_D28_a_publisher_that_cannot_be_made_shows_no_secret(host: Host, settings: dict[str, str], shown: str) -> None:
    send = host(path("orders", publish))
    with override_settings(QSTASH=TABLE), outbox():
        assert send(request_to("/orders", method="GET")).body == b"published"
    with override_settings(DEBUG=True, QSTASH={**TABLE, **settings}):
        answer = send(request_to("/orders", method="GET"))
    page = answer.body.decode()
    assert (answer.status, shown in page) == (500, True)
    assert [secret for secret in SECRETS if secret in page] == []


def test_D28_a_publisher_that_is_refused_shows_no_secret(host: Host) -> None:
    send = host(path("orders", publish))
    refused = APIResponse(401, b'{"error":"unauthorized"}')
    with override_settings(DEBUG=True, QSTASH=TABLE), outbox(refused):
        answer = send(request_to("/orders", method="GET", body=b"secret body", token=TOKEN))
    page = answer.body.decode()
    assert (answer.status, "QStash answered 401: unauthorized" in page) == (500, True)
    assert [secret for secret in SECRETS[:-1] if secret in page] == []


def test_D28_the_technical_404_page_shows_no_secret(host: Host) -> None:
    send = host(path("hooks/ship", verify_qstash(raises(KeyError("order")))))
    with override_settings(DEBUG=True, QSTASH=TABLE, ALLOWED_HOSTS=["api.example.com"]):
        answer = send(request_to("/nowhere", token=TOKEN))
    page = answer.body.decode()
    assert (answer.status, "hooks/ship" in page) == (404, True)
    assert [secret for secret in SECRETS if secret in page] == []
