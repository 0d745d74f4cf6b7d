"""The pytest fixtures: ``qstash_sign``, ``qstash_outbox``, ``qstash_local`` and ``qstash_server``.

Active in every project that has the package installed, so nothing is imported before a fixture is used.

Spec: https://docs.pytest.org/en/stable/how-to/writing_plugins.html
"""

import os
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from .server.app import LocalServer
    from .testing import LocalQStash, Outbox

# Pytest loads this before anything of the project, which may set variables of its own.
_OF_TERMINAL = {name: value for name, value in os.environ.items() if "QSTASH_" in name}
_FIXTURES = frozenset(("qstash_sign", "qstash_outbox", "qstash_local", "qstash_server"))


@pytest.fixture
def qstash_app() -> Any:
    """The app under test: override this fixture to return it. A Django project is found by itself.

    An ASGI or WSGI app, or a ``TestClient`` of one; once that is entered, its event loop and lifespan state are used.
    """
    from .testing.hosting import app_of_django
    from .testing.settings import has_django

    if has_django():
        return app_of_django()
    pytest.fail("qstash_local needs your app: define a fixture named qstash_app that returns it", pytrace=False)


@pytest.fixture
def qstash_sign(_qstash_credentials: None) -> "Callable[..., dict[str, str]]":
    """``qstash_sign(url=..., body=...)`` is the headers of a genuine delivery. See ``testing.sign``."""
    from .testing import sign

    return sign


@pytest.fixture
def qstash_outbox(request: pytest.FixtureRequest) -> "Generator[Outbox]":
    """What the app's publishers send, kept instead of sent; beside ``qstash_local`` what was published to that."""
    from .testing import Outbox

    if "qstash_local" in request.fixturenames:
        yield request.getfixturevalue("qstash_local").outbox
        return
    with Outbox() as outbox:
        yield outbox


@pytest.fixture
def qstash_local(qstash_app: Any) -> "Generator[LocalQStash]":
    """A QStash for the app under test, on a clock that the test moves. See ``testing.LocalQStash``."""
    try:
        from .testing import LocalQStash
    except ImportError as error:
        _lacks("qstash_local", error)
    with LocalQStash(qstash_app) as local:
        yield local


@pytest.fixture
def qstash_server() -> "Generator[LocalServer]":
    """A local QStash on a free port, where the publishers of this process publish.

    Its ``url``, ``token`` and ``keys`` are for apps in other processes. It delivers over HTTP, in real time.
    """
    try:
        from .server.app import ServerConfig, environment, running
    except ImportError as error:
        _lacks("qstash_server", error)
    from .testing.settings import for_tests

    with (
        # CI tests the image that goes into production, whose variables say so: there, too, this is a test.
        running(ServerConfig(port=0, patience=1.0, allow_production=True)) as server,
        for_tests(**environment(server)),
    ):
        yield server


@pytest.fixture
def _qstash_credentials() -> Generator[None]:
    from .testing.settings import credentials, for_tests, terminal_had

    terminal_had(_OF_TERMINAL)
    with for_tests(**credentials()):
        yield


@pytest.fixture(autouse=True)
def _qstash_before_all_else(request: pytest.FixtureRequest) -> None:
    """Apps look at their settings when they start, which another fixture may do before one of ours has its turn."""
    if not _FIXTURES.isdisjoint(request.fixturenames):
        request.getfixturevalue("_qstash_credentials")


def _lacks(fixture: str, error: ImportError) -> NoReturn:
    # Of "uvicorn.protocols" it is uvicorn that is missing.
    lacking = (error.name or "").partition(".")[0]
    pytest.fail(f"{fixture} needs {lacking}; install it with: pip install 'qstash_integrations[server]'", pytrace=False)
