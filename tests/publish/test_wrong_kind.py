"""The plain publisher in async code, the async one without await, and the object that is none."""

import subprocess
import sys

import pytest
from flask import Flask
from starlette.applications import Starlette

import qstash_integrations.flask
import qstash_integrations.starlette
from tests.publish.loopback import answer, loopback

BLOCKING = """
import asyncio, logging, os, sys
from qstash_integrations import AsyncQStash, QStash
logging.basicConfig(format="%(name)s %(levelname)s %(message)s", stream=sys.stdout)
MESSAGE = {"url": "https://api.example.com/ship"}
"""
SENTENCE = "qstash_integrations WARNING qstash: a plain QStash is used in async code, where the whole event loop waits"
PROGRAMS = {
    "in async code, once": (
        "async def main():\n    for _ in range(2): QStash().publish(MESSAGE)\nasyncio.run(main())",
        1,
    ),
    "sync of the async one": ("async def main(): AsyncQStash().sync.publish(MESSAGE)\nasyncio.run(main())", 1),
    "on trio": ("import trio\nasync def main(): QStash().publish(MESSAGE)\ntrio.run(main)", 1),
    "in plain code": ("QStash().publish(MESSAGE)", 0),
    "in a thread of async code": (
        "async def main(): await asyncio.to_thread(QStash().publish, MESSAGE)\nasyncio.run(main())",
        0,
    ),
    "the async one": ("async def main(): await AsyncQStash().publish(MESSAGE)\nasyncio.run(main())", 0),
}


@pytest.mark.system
@pytest.mark.parametrize(("program", "count"), PROGRAMS.values(), ids=PROGRAMS)
def test_the_plain_one_in_an_event_loop_is_warned_of(program: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with loopback(answer(201, {"messageId": "msg_1"}), answer(201, {"messageId": "msg_2"})) as qstash:
        monkeypatch.setenv("QSTASH_URL", qstash.url)
        monkeypatch.setenv("QSTASH_TOKEN", "TESTONLY-token")
        ended = subprocess.run(
            [sys.executable, "-c", BLOCKING + program], capture_output=True, text=True, timeout=60, check=True
        )
    assert ended.stdout.count(SENTENCE) == count
    assert ended.stdout.count("\n") == count


@pytest.mark.system
def test_a_view_of_flask_may_use_the_only_publisher_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
from flask import Flask
from qstash_integrations import flask as adapter
app = Flask("shop")
adapter.QStash(app)
@app.get("/")
async def order(): return adapter.qstash.publish(MESSAGE).message_id
assert app.test_client().get("/").text == "msg_1"
"""
    with loopback(answer(201, {"messageId": "msg_1"})) as qstash:
        monkeypatch.setenv("QSTASH_URL", qstash.url)
        monkeypatch.setenv("QSTASH_TOKEN", "TESTONLY-token")
        ended = subprocess.run(
            [sys.executable, "-c", BLOCKING + program], capture_output=True, text=True, timeout=60, check=False
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


@pytest.mark.system
def test_a_forgotten_await_is_named_by_python() -> None:
    program = BLOCKING + "async def main(): AsyncQStash('a-token').publish_json(MESSAGE)\nasyncio.run(main())"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert "RuntimeWarning: coroutine 'AsyncMessageVerbs.publish_json' was never awaited" in ended.stderr


@pytest.mark.parametrize(
    ("framework", "app"),
    [(qstash_integrations.flask, Flask("shop")), (qstash_integrations.starlette, Starlette())],
    ids=["flask", "starlette"],
)
def test_the_object_that_is_called_with_the_app_is_no_publisher(framework: object, app: object) -> None:
    extension = framework.QStash(app)  # type: ignore[attr-defined]
    for name in ("publish_json", "url_for", "schedule"):
        with pytest.raises(AttributeError, match=rf"is none itself, so it has no '{name}'; the publisher is qstash"):
            getattr(extension, name)
    with pytest.raises(AttributeError, match=r"^'QStash' object has no attribute 'publsh'$"):
        _ = extension.publsh
    assert not hasattr(extension, "__deepcopy__")
