"""The apps in the README and on the pages take what QStash signed, and turn away what it did not."""

import base64
import json
import re
from collections.abc import Generator

import pytest
from django.test import override_settings as django_settings

from qstash_integrations._core.publishing.client import override_transport
from qstash_integrations._core.settings.environment import override_settings
from tests.django.project import configure
from tests.hosts import Request, Send
from tests.readme import README, Block, blocks
from tests.sent import Sent
from tests.signing import ORIGIN, signed
from tests.site.pages import DOCS, PAGES
from tests.site.serving import serve
from tests.site.test_pages import SETTINGS

APPS = [
    (page, number, block)
    for page in (README, *PAGES)
    for number, block in enumerate(blocks(page))
    if block.language == "python" and ("\napp = " in block.code or "urlpatterns" in block.code)
]
WEBHOOKS = [
    pytest.param(block, "/api/hooks/ship" if '"/api"' in block.code else "/hooks/ship", id=f"{page.name} {number}")
    for page, number, block in APPS
    if re.search(r'hooks/ship|"/hooks"|QStashMiddleware\(ship\)', block.code) and "def ship(" in block.code
]
TASKS = [
    pytest.param(block, id=f"{page.name} {number}")
    for page, number, block in APPS
    if "tasks=[ship]" in block.code and "def ship(order_id: int" in block.code
]
BODY = b'{"id": 3}'
JSON = ("Content-Type", "application/json")
PUBLISHED = "https://qstash.upstash.io/v2/publish/"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Generator[Sent]:
    """What is published, with the settings of production."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    configure()
    with (
        override_settings(),
        override_transport(sent := Sent()),
        django_settings(ALLOWED_HOSTS=["api.example.com"]),
    ):
        yield sent


def deliver(send: Send, path: str, body: bytes = BODY) -> int:
    signature = ("Upstash-Signature", signed(body, ORIGIN + path, exp=2**40))
    return send(Request(path, [JSON, signature], body)).status


def test_each_framework_has_its_apps_on_its_page() -> None:
    pages = [page.stem for page, *_ in APPS if page.parent.name == "frameworks"]
    assert {name: pages.count(name) for name in pages} == {
        "aiohttp": 1,
        "django": 1,
        "fastapi": 2,
        "flask": 2,
        "other": 1,
        "starlette": 2,
    }
    assert {page.name for page, *_ in APPS} >= {"README.md", "settings.md", "tasks.md", "duplicates.md", "tutorial.md"}


@pytest.mark.parametrize(("block", "path"), WEBHOOKS)
def test_an_app_knows_who_calls(block: Block, path: str) -> None:
    send = serve(block.code)
    assert send(Request(path, [JSON], BODY)).status == 401
    assert deliver(send, path) in (200, 204)


@pytest.mark.parametrize(("block", "path"), [webhook for webhook in WEBHOOKS if "/orders" in str(webhook.values[0])])
def test_an_app_that_takes_orders_publishes_them(
    block: Block, path: str, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    send = serve(block.code)
    assert send(Request("/api/orders" if "/api/" in path else "/orders", [JSON], BODY)).status in (200, 202)
    assert [call.url for call in sent] == [f"{PUBLISHED}{ORIGIN}{path}"]
    assert deliver(send, path) in (200, 204)
    assert capsys.readouterr().out.startswith("shipping order 3")


@pytest.mark.parametrize("block", TASKS)
def test_an_app_runs_its_task_and_refuses_strangers(
    block: Block, sent: Sent, capsys: pytest.CaptureFixture[str]
) -> None:
    send = serve(block.code)
    body, path = b'{"order_id": 3}', "/qstash/tasks/app.ship?of=5"
    assert send(Request(path, body=body)).status == 401
    assert deliver(send, path, body) == 200
    signature = ("Upstash-Signature", signed(body, ORIGIN + path, exp=2**40))
    assert send(Request(path, [signature], b"{}")).status == 401
    assert capsys.readouterr().out == ("shipping order 3\n" if "print(" in block.code else "")
    if "/orders" in block.code:
        assert send(Request("/orders", body=b"")).status in (200, 202)
        assert [call.url.partition("?")[0] for call in sent] == [f"{PUBLISHED}{ORIGIN}/qstash/tasks/app.ship"]
        assert sent[0].body == b'{"order_id":3}'


def test_a_callback_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    (block, *_) = (block for block in blocks(DOCS / "howto" / "callbacks.md") if "\napp = " in block.code)
    told = {
        "status": 200,
        "body": base64.b64encode(b"a page").decode(),
        "sourceMessageId": "msg_1",
        "url": "https://partner.example/render",
        "sourceBody": "",
    }
    send = serve(block.code)
    assert deliver(send, "/hooks/rendered", json.dumps(told).encode()) == 204
    failed = {**told, "status": 500, "dlqId": "dlq_1"}
    assert deliver(send, "/hooks/given-up", json.dumps(failed).encode()) == 204
    assert capsys.readouterr().out == "msg_1 was answered 6 bytes\nmsg_1 failed with 500 and is kept as dlq_1\n"


@pytest.mark.parametrize("number", range(4), ids=["FastAPI", "Starlette", "Flask", "Django"])
def test_with_once_a_message_ships_once(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    block = [block for block in blocks(DOCS / "howto" / "duplicates.md") if block.language == "python"][number]
    message = ("Upstash-Message-Id", "msg_1")
    send = serve(block.code)
    statuses = [
        send(
            Request("/hooks/ship", [JSON, message, ("Upstash-Signature", signed(BODY, exp=2**40, jti=attempt))], BODY)
        ).status
        for attempt in ("first", "second", "second")
    ]
    assert statuses[0] in (200, 204)
    assert statuses[1:] == [200, 401]
    assert capsys.readouterr().out == "shipping order 3\n"
