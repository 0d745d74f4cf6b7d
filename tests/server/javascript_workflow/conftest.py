"""The official Workflow SDK for JavaScript, installed once, and an app with it beside a server, one for a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qstash_integrations.server.app import LocalServer, running
from tests.server.javascript_workflow.app import App, install, running_app


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("javascript_workflow")
    install(home)
    return home


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def app(home: Path, server: LocalServer) -> Iterator[App]:
    """It trusts no delivery that the server has not signed."""
    environment = {
        "QSTASH_URL": server.url,
        "QSTASH_TOKEN": server.token,
        "QSTASH_CURRENT_SIGNING_KEY": server.keys.current,
        "QSTASH_NEXT_SIGNING_KEY": server.keys.next,
    }
    with running_app(home, environment) as app:
        yield app


@pytest.fixture(autouse=True)
def begin(app: App) -> None:
    app.begin()
