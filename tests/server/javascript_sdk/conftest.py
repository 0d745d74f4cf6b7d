"""The official JavaScript SDK, installed once, and a server for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qstash_integrations.server.app import LocalServer
from tests.server.destination import OK, Destination, destination
from tests.server.javascript_sdk.sdk import JavaScript, install, javascript

NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n404 Not Found"


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("javascript")
    install(home)
    return home


@pytest.fixture
def there() -> Iterator[Destination]:
    with destination(OK, missing=NOT_FOUND) as there:
        yield there


@pytest.fixture
def js(home: Path, server: LocalServer) -> Iterator[JavaScript]:
    keys = {"currentSigningKey": server.keys.current, "nextSigningKey": server.keys.next}
    with javascript(home, {"baseUrl": server.url, "token": server.token, "retry": False}, keys) as js:
        yield js
