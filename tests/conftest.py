"""What holds for every test: no setting of the machine's own leaks in, and a slow machine fails nothing."""

import gc
import os
import sys

import pytest

from qstash_integrations._core.settings.environment import settings_changed
from qstash_integrations._core.settings.production import NAMES
from tests import soak
from tests.browsers import browser  # noqa: F401 - a fixture
from tests.databases import empty_database, mariadb_server, postgresql_server  # noqa: F401 - fixtures
from tests.groups import longest_first, pytest_xdist_make_scheduler  # noqa: F401 - a hook
from tests.sampling import pytest_pycollect_makeitem  # noqa: F401 - a hook
from tests.shares import pytest_addoption, pytest_configure  # noqa: F401 - hooks

soak.register()


def pytest_collection_finish() -> None:
    """What stands here by now stays: no collection of garbage that a test asks for goes through it."""
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where xdist is not to sort groups by itself: it would keep a soak of a single test for the end."""
    if not config.getoption("loadscopereorder", default=True):
        items.sort(key=longest_first(items))


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """What async tests run on; those in which something is waited for run ``on_both_loops``."""
    return "asyncio"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if ("QSTASH" in name and name != "QSTASH_OPENAPI") or name in NAMES:
            monkeypatch.delenv(name)
    settings_changed()


@pytest.fixture(autouse=True)
def no_script_name_from_another_test() -> None:
    """Django keeps that of a thread's last request."""
    if "django.urls.base" in sys.modules:
        sys.modules["django.urls.base"].clear_script_prefix()
