"""The official JavaScript SDK in a process of its own, called from a test with expressions of JavaScript."""

import json
import os
import shutil
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import npm
from tests.programs import skip_without
from tests.server.destination import Destination, Received

VERSION = "2.12.0"
BRIDGE = Path(__file__).with_name("bridge.mjs")


class JavaScriptError(Exception):
    """What an expression threw: name, status if it has one, message."""


class JavaScript:
    """``js("client.messages.get(id)", id=message_id)`` awaits the expression; what is undefined is left out."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, expression: str, **values: Any) -> Any:
        answer = self._tell({"expression": expression, "values": values})
        if "error" in answer:
            raise JavaScriptError(answer["error"])
        return answer.get("value")

    def _tell(self, message: Mapping[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


def install(home: Path, *packages: str) -> None:
    """The SDK and the bridge into ``home``, and what else is to be there."""
    npm.install(home, f"@upstash/qstash@{VERSION}", *packages)
    shutil.copy(BRIDGE, home)


@contextmanager
def javascript(
    home: Path, client: Mapping[str, Any], receiver: Mapping[str, Any], **environment: str
) -> Generator[JavaScript]:
    """The SDK with these options of its ``Client`` and its ``Receiver``."""
    process = subprocess.Popen(
        ["node", BRIDGE.name],
        cwd=home,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"client": client, "receiver": receiver}) + "\n")
    with process:
        try:
            yield JavaScript(process)
        finally:
            process.kill()


def needs_javascript() -> list[pytest.MarkDecorator]:
    """The marks of a module whose tests run the SDK."""
    return [pytest.mark.system, skip_without(npm.lacks_npm())]


def verified(js: JavaScript, there: Destination) -> Received:
    """The next delivery, which the official Receiver accepted."""
    got = there.next()
    request = {
        "signature": got.header("Upstash-Signature"),
        "body": got.body.decode(),
        "url": f"{there.url}{got.target}",
    }
    assert js("receiver.verify(request)", request=request) is True
    return got
