"""What a reader can import says what it is for."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import qstash_integrations
from qstash_integrations import AsyncQStash, QStash
from qstash_integrations.once import Store

ROOT = Path(qstash_integrations.__file__).parent
# The server is a program: of its parts, what a test suite starts it with is to be imported.
INSIDE = ("_core", "demo")
MODULES = sorted(
    ".".join(("qstash_integrations", *file.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")
    for file in ROOT.rglob("*.py")
    if "\n__all__" in file.read_text(encoding="utf-8")
    and not {*INSIDE} & {*file.parts}
    and ("server" not in file.parts or file.parent.name == "app")
)
# Where a method that several classes have is described once.
PROTOCOLS = (Store,)


def public(module: str) -> Iterator[tuple[str, Any]]:
    """The classes and functions that a module names in ``__all__``, and the methods and properties of those classes."""
    found = importlib.import_module(module)
    for name in found.__all__:
        value = getattr(found, name)
        if getattr(value, "__module__", "").startswith("qstash_integrations") and callable(value):
            yield name, value
            if inspect.isclass(value):
                yield from ((f"{name}.{member}", made) for member, made in _members(value))


def _members(owner: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(owner).items():
        function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if not name.startswith("_") and inspect.isfunction(function) and not _is_described_above(owner, name):
            yield name, function


def _is_described_above(owner: type, name: str) -> bool:
    above = (*owner.__mro__[1:], *(protocol for protocol in PROTOCOLS if protocol is not owner))
    return any(inspect.getdoc(getattr(base, name, None)) for base in above)


def described(value: Any) -> bool:
    """Whether somebody has written down what it is for: a class inherits a text, and a dataclass makes up one."""
    if not inspect.isclass(value):
        return bool(inspect.getdoc(value))
    said = vars(value).get("__doc__") or ""
    return bool(said) and not said.startswith(f"{value.__name__}(")


@dataclass
class Undescribed:
    number: int


def test_what_a_dataclass_says_of_itself_counts_for_nothing() -> None:
    assert inspect.getdoc(Undescribed)
    assert not described(Undescribed)


def test_the_modules_are_found() -> None:
    assert {"qstash_integrations", "qstash_integrations.flask", "qstash_integrations.tasks"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_every_public_name_has_a_docstring(module: str) -> None:
    assert [name for name, value in public(module) if not described(value)] == []
    assert importlib.import_module(module).__doc__


@pytest.mark.parametrize("client", [QStash, AsyncQStash])
def test_so_has_every_call_of_a_client(client: type) -> None:
    asked = client("a-token", base_url="http://127.0.0.1:8080")
    resources = [name for name, value in inspect.getmembers(type(asked)) if isinstance(value, property)]
    resources = [name for name in resources if name[0] != "_" and type(getattr(asked, name)).__name__.endswith("Api")]
    assert len(resources) == 8
    calls = [member for name in resources for member in _members(type(getattr(asked, name)))]
    calls += [member for base in client.__mro__ for member in _members(base)]
    assert [name for name, value in calls if not inspect.getdoc(value)] == []
