"""What the plugin costs a project whose tests do not use it: hardly anything."""

import json

import pytest

from tests.testing.outside import ASYNCIO, project, run

pytest_plugins = ["pytester"]

CONFTEST = """
import json
import pathlib
import sys

def pytest_collection_finish(session):
    plugins = [name for name, plugin in session.config.pluginmanager.list_name_plugin() if plugin]
    pathlib.Path("found.json").write_text(json.dumps({"modules": sorted(sys.modules), "plugins": plugins}))
"""
FOR_THE_RECEIVER = {"contextvars", "_contextvars", "hmac", "_hmac", "hashlib", "_hashlib", "_blake2"}
OURS = [
    "qstash_integrations",
    "qstash_integrations._core",
    "qstash_integrations._core.errors",
    "qstash_integrations._core.receiving",
    "qstash_integrations._core.receiving.delivery",
    "qstash_integrations._core.receiving.receiver",
    "qstash_integrations._core.receiving.token",
    "qstash_integrations.pytest_plugin",
]


def collected(pytester: pytest.Pytester, plugins: list[str] | None, *arguments: str) -> tuple[set[str], list[str]]:
    """The modules that were loaded when all tests were collected, and the plugins."""
    project(pytester, conftest=CONFTEST, test_it="def test_it(): pass")
    run(pytester, *arguments, plugins=plugins, passed=1)
    found = json.loads((pytester.path / "found.json").read_text())
    return set(found["modules"]), found["plugins"]


@pytest.mark.system
def test_it_is_active_once_the_package_is_installed(pytester: pytest.Pytester) -> None:
    _, plugins = collected(pytester, None, *ASYNCIO)
    assert "qstash_integrations" in plugins


@pytest.mark.system
def test_collection_loads_nothing_heavy(pytester: pytest.Pytester) -> None:
    without, _ = collected(pytester, [])
    loaded, _ = collected(pytester, ["qstash_integrations.pytest_plugin"])
    assert sorted(loaded - without - FOR_THE_RECEIVER) == OURS
