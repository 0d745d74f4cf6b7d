"""What a task is called: where messages in flight find it, so a name must not change with who imports it, or how."""

import inspect
import re
import sys
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}", re.ASCII)


def check_name(name: object, what: str = "name") -> str:
    """ValueError for what cannot be the last segment of a URL and a label at once."""
    if not isinstance(name, str):
        raise TypeError(f"{what} must be a str, not {type(name).__name__}")
    if not _NAME.fullmatch(name) or not name.strip("."):
        raise ValueError(f"{what} must be letters, digits, '_', '-' or '.', up to 200 of them, not {name[:80]!r}")
    return name


def name_of(function: Callable[..., Any]) -> str:
    """``module.function``; that of ``__main__`` by what ``python -m`` was given, or else by its file.

    TypeError that asks for ``name=`` where that would say too little to find the function again: in another function,
    for a lambda, and where Python was given no file.
    """
    module, within = module_of(function), function.__qualname__
    if "<" in within:
        kind = "a lambda" if within.endswith("<lambda>") else "a function within a function"
        raise TypeError(f"{within} is {kind}, which has no name of its own; give the task one: @task(name='shop.ship')")
    if module is None:
        raise TypeError(f"{within} is in no file, so that its name says nothing; give it one: @task(name='shop.ship')")
    name = f"{module}.{within}"
    if not _NAME.fullmatch(name):
        raise TypeError(f"{name} is no name for a URL; give the task one in ASCII: @task(name='shop.ship')")
    return name


def module_of(function: Callable[..., Any]) -> str | None:
    """Its module; None for one that no other process finds, as in a REPL."""
    module = function.__module__
    if module != "__main__":
        return module
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return str(spec.name)
    file = getattr(main, "__file__", None)
    return PurePath(file).stem if file else None


def is_same(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether both are one function of one file: a reload, or a second import under another name, makes it anew."""
    return one is other or _identity(one) == _identity(other)


def _identity(function: Callable[..., Any]) -> tuple[str, str]:
    innermost = inspect.unwrap(function)
    code = getattr(innermost, "__code__", None)
    return getattr(code, "co_filename", innermost.__module__), innermost.__qualname__
