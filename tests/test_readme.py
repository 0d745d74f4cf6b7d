"""Every code block of the README runs, and the apps in it refuse what QStash did not sign."""

import shlex
import sys
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from aiohttp import web
from django.test import override_settings as django_settings

from qstash_integrations import ConfigurationError, NonRetryable, RetryAfter, SignatureError
from qstash_integrations._core.environment import override_settings
from qstash_integrations._core.publishing.client import override_transport
from tests.contract.aiohttp_apps import aiohttp_exchange
from tests.django.project import configure, wsgi_app
from tests.hosts import Request, Send, asgi_send, wsgi_send
from tests.readme import Block, blocks, commands, parse_ours
from tests.sent import Sent
from tests.signing import CURRENT, NEXT, ORIGIN, signed

pytest_plugins = ["pytester"]
SETTINGS = {
    "QSTASH_TOKEN": "a-token",
    "QSTASH_CURRENT_SIGNING_KEY": CURRENT,
    "QSTASH_NEXT_SIGNING_KEY": NEXT,
    "QSTASH_PUBLIC_URL": ORIGIN,
}
PYTHON = [block for block in blocks() if block.language == "python"]
APPS = [block for block in PYTHON if "\napp = " in block.code]
WITH_TASKS = [block for block in APPS if "tasks=" in block.code]
WEBHOOKS = [block for block in APPS if block not in WITH_TASKS]
BODY = b'{"id": 3}'


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    with override_settings(), override_transport(sent := Sent()):
        yield sent


def run(block: Block) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "app"}
    exec(compile(block.code, f"README.md, {block.heading}", "exec"), names)
    return names


def serve(block: Block) -> Send:
    """Requests to the app of a block."""
    app = run(block)["app"]
    if isinstance(app, web.Application):
        return lambda request: anyio.run(aiohttp_exchange, lambda: run(block)["app"], request)
    return wsgi_send(app) if hasattr(app, "wsgi_app") else asgi_send(app)


@pytest.mark.parametrize("block", PYTHON, ids=[f"{index} {block.heading}" for index, block in enumerate(PYTHON)])
def test_every_python_block_runs(block: Block, sent: Sent, monkeypatch: pytest.MonkeyPatch) -> None:
    if block.heading == "Testing":  # of the app that the reader has saved before
        monkeypatch.setitem(sys.modules, "app", SimpleNamespace(**run(PYTHON[0])))
    made = run(block)
    assert made
    if "create_engine" in block.code:  # a reader's program would live on with it
        made["engine"].dispose()


@pytest.mark.parametrize("block", WITH_TASKS, ids=[block.heading for block in WITH_TASKS])
def test_the_apps_run_tasks_and_refuse_strangers(block: Block, sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    send = serve(block)
    body, url = b'{"order_id": 3}', "/qstash/tasks/app.ship?of=5"
    assert send(Request(url, body=body)).status == 401
    signature = ("Upstash-Signature", signed(body, ORIGIN + url, exp=2**40))
    assert (send(Request(url, [signature], body)).status, send(Request(url, [signature], b"{}")).status) == (200, 401)
    if "/orders" in block.code:
        assert capsys.readouterr().out == "shipping order 3\n"
        assert send(Request("/orders", body=b"")).status == 200
        assert sent[0].url.startswith(
            "https://qstash.upstash.io/v2/publish/https://api.example.com/qstash/tasks/app.ship?"
        )
        assert sent[0].body == b'{"order_id":3}'


@pytest.mark.parametrize("block", WEBHOOKS, ids=[f"{index} {block.heading}" for index, block in enumerate(WEBHOOKS)])
def test_the_apps_verify_and_publish(block: Block, sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    send = serve(block)
    json_type = ("Content-Type", "application/json")
    forged = Request("/hooks/ship", [json_type], BODY)
    genuine = Request("/hooks/ship", [json_type, ("Upstash-Signature", signed(BODY, exp=2**40))], BODY)
    assert send(forged).status == 401
    assert send(genuine).status in (200, 204)
    if "/orders" in block.code:
        assert capsys.readouterr().out.startswith("shipping order 3")
        assert send(Request("/orders", [json_type], BODY)).status in (200, 202)
        assert [call.url for call in sent] == [
            "https://qstash.upstash.io/v2/publish/https://api.example.com/hooks/ship"
        ]


def test_the_blocks_for_apps_are_where_they_should_be() -> None:
    assert [block.heading for block in APPS] == [
        "Sixty seconds to a task that ran",
        "Tasks",
        "Starlette",
        "Starlette",
        "FastAPI",
        "FastAPI",
        "Flask",
        "Flask",
        "aiohttp",
        "Duplicates and key rotation",
        "Settings",
    ]


def test_the_django_block_verifies_and_publishes(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    project = wsgi_send(wsgi_app(*run(next(block for block in PYTHON if block.heading == "Django"))["urlpatterns"]))
    with django_settings(ALLOWED_HOSTS=["api.example.com"]):
        assert project(Request("/hooks/ship", body=BODY)).status == 401
        signature = ("Upstash-Signature", signed(BODY, exp=2**40))
        assert project(Request("/hooks/ship", [signature], BODY)).status == 204
        assert project(Request("/orders", body=b"")).body == b'{"message_id": "msg_1"}'
    assert capsys.readouterr().out == "shipping order 3\n"
    assert [call.url for call in sent] == ["https://qstash.upstash.io/v2/publish/https://api.example.com/hooks/ship"]


def test_handlers_steer_by_raising() -> None:
    ship = run(next(block for block in PYTHON if block.heading == "In a handler"))["ship"]

    class Delivered:
        def __init__(self, order: dict[str, int]) -> None:
            self.json = lambda: order

    with pytest.raises(NonRetryable):
        ship(Delivered({}))
    with pytest.raises(RetryAfter):
        ship(Delivered({"id": 3}))
    assert ship(Delivered({"id": 4})) is None


def test_the_publishing_block_sends_what_it_says(sent: Sent) -> None:
    run(next(block for block in PYTHON if block.heading == "Publishing"))
    assert [call.url.removeprefix("https://qstash.upstash.io/v2/") for call in sent] == [
        "publish/https://api.example.com/ship",
        "publish/billing",
        "enqueue/mail/https://api.example.com/mail",
        "batch",
        "schedules/https://api.example.com/report",
    ]
    assert ("Upstash-Delay", "10m") in sent[0].headers


def test_the_receiver_block_refuses_a_forged_request() -> None:
    is_genuine = run([block for block in PYTHON if block.heading == "Publishing"][1])["is_genuine"]
    with pytest.raises(SignatureError):
        is_genuine("forged", b"")


@pytest.mark.parametrize(
    "line", [line for heading in dict.fromkeys(block.heading for block in blocks()) for line in commands(heading)]
)
def test_every_command_is_one_that_there_is(line: str) -> None:
    program, *_ = shlex.split(line)
    assert program in ("qstash-integrations", "export", "flask", "uvicorn", "python", "pytest", "curl")
    if program == "qstash-integrations":
        assert callable(parse_ours(line).run)


def test_settings_that_are_missing_are_named() -> None:
    with pytest.raises(ConfigurationError, match="QSTASH_TOKEN is not set"):
        run(next(block for block in PYTHON if block.heading == "Publishing"))


# As a terminal has it in which the app runs beside `qstash-integrations dev`, or for a region of an account.
EXPORTED = {
    **SETTINGS,
    "QSTASH_URL": "http://127.0.0.1:8080",
    "QSTASH_PUBLIC_URL": "http://127.0.0.1:5000",
    "QSTASH_REGION": "US_EAST_1",
    **{f"US_EAST_1_QSTASH_{name}": f"sig_or_token_of_the_region_{name}" for name in ("CURRENT_SIGNING_KEY", "TOKEN")},
}
TESTS = [block.code for block in PYTHON if block.heading == "Testing"]


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in EXPORTED.items():
        monkeypatch.setenv(name, value)


@pytest.mark.system
@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize("code", TESTS[:2], ids=["pytest", "unittest"])
def test_the_tests_in_it_pass_beside_its_first_app(code: str, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    pytester.makepyfile(app=PYTHON[0].code, test_app=code)
    plugins = ("-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:django")
    result = pytester.runpytest_subprocess(*plugins, timeout=60)
    assert result.ret == 0
    assert "passed" in result.parseoutcomes()


@pytest.mark.system
@pytest.mark.usefixtures("exported")
def test_the_unittest_in_it_passes_without_pytest(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(app=PYTHON[0].code, test_app=TESTS[1])
    assert pytester.run(sys.executable, "-m", "unittest", timeout=60).ret == 0


@pytest.mark.system
@pytest.mark.usefixtures("exported")
@pytest.mark.parametrize("command", ["manage.py test", "-m pytest --ds shop.settings -p no:asyncio shop/tests.py"])
def test_the_tests_for_django_pass_in_the_project_of_its_block(command: str, pytester: pytest.Pytester) -> None:
    pytester.run(sys.executable, "-m", "django", "startproject", "shop", ".", timeout=60)
    urls = next(block.code for block in PYTHON if block.heading == "Django")
    for name, code in (("urls", urls), ("tests", TESTS[2])):
        (pytester.path / "shop" / f"{name}.py").write_text(code)
    assert pytester.run(sys.executable, *command.split(), timeout=60).ret == 0


def test_the_block_for_the_original_package_does_what_it_says(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    is_genuine = run(next(block for block in PYTHON if block.heading == "Coming from upstash_qstash"))["is_genuine"]
    assert [call.url.removeprefix("https://qstash.upstash.io/v2/") for call in sent] == [
        "topics/shops/endpoints",
        "publish/shops",
        "schedules/https://api.example.com/report",
    ]
    assert capsys.readouterr().out == "daily\n"
    assert is_genuine(signed(BODY, "https://api.example.com/ship", exp=2**40), BODY) is True
    assert is_genuine("forged", BODY) is False
