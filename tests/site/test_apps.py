"""The apps on the pages take what QStash signed, and turn away what it did not."""

import base64
import json
import re

import pytest
from django.test import override_settings as django_settings

from qstash_integrations._core.environment import override_settings
from tests.django.project import configure
from tests.hosts import Request, Send
from tests.readme import Block, blocks
from tests.signing import ORIGIN, signed
from tests.site.pages import DOCS, PAGES
from tests.site.test_pages import SETTINGS
from tests.site.test_tutorial import BODY, serve

WEBHOOKS = [
    pytest.param(block, "/api/hooks/ship" if "Mount(" in block.code else "/hooks/ship", id=f"{page.name} {number}")
    for page in PAGES
    for number, block in enumerate(blocks(page))
    if "\napp = " in block.code or "urlpatterns" in block.code
    if re.search(r'hooks/ship|"/hooks"', block.code) and "def ship(" in block.code
]
JSON = ("Content-Type", "application/json")


@pytest.fixture(autouse=True)
def as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    configure()


def deliver(send: Send, path: str, body: bytes = BODY) -> int:
    signature = ("Upstash-Signature", signed(body, ORIGIN + path, exp=2**40))
    return send(Request(path, [JSON, signature], body)).status


def test_there_are_some_of_every_framework() -> None:
    code = "".join(str(parameter.values[0]) for parameter in WEBHOOKS)
    assert all(f"qstash_integrations.{name}" in code for name in ("starlette", "fastapi", "flask", "django"))


@pytest.mark.parametrize(("block", "path"), WEBHOOKS)
def test_an_app_knows_who_calls(block: Block, path: str) -> None:
    with override_settings(), django_settings(ALLOWED_HOSTS=["api.example.com"]):
        send = serve(block.code)
        assert send(Request(path, [JSON], BODY)).status == 401
        assert deliver(send, path) in (200, 204)


def test_a_callback_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    (block, *_) = (block for block in blocks(DOCS / "howto" / "callbacks.md") if "\napp = " in block.code)
    told = {
        "status": 200,
        "body": base64.b64encode(b"a page").decode(),
        "sourceMessageId": "msg_1",
        "url": "https://partner.example/render",
        "sourceBody": "",
    }
    with override_settings():
        send = serve(block.code)
        assert deliver(send, "/hooks/rendered", json.dumps(told).encode()) == 204
        failed = {**told, "status": 500, "dlqId": "dlq_1"}
        assert deliver(send, "/hooks/given-up", json.dumps(failed).encode()) == 204
    assert capsys.readouterr().out == "msg_1 was answered 6 bytes\nmsg_1 failed with 500 and is kept as dlq_1\n"


@pytest.mark.parametrize("number", range(4), ids=["FastAPI", "Starlette", "Flask", "Django"])
def test_with_once_a_message_ships_once(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    block = [block for block in blocks(DOCS / "howto" / "duplicates.md") if block.language == "python"][number]
    message = ("Upstash-Message-Id", "msg_1")
    with override_settings(), django_settings(ALLOWED_HOSTS=["api.example.com"]):
        send = serve(block.code)
        statuses = [
            send(
                Request(
                    "/hooks/ship",
                    [JSON, message, ("Upstash-Signature", signed(BODY, exp=2**40, jti=attempt))],
                    BODY,
                )
            ).status
            for attempt in ("first", "second", "second")
        ]
    assert statuses[0] in (200, 204)
    assert statuses[1:] == [200, 401]
    assert capsys.readouterr().out == "shipping order 3\n"
