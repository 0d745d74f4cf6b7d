"""What a command line names: a module, or something in it. Imports no more than that."""

import os
import sys
from importlib import import_module
from inspect import isfunction, signature
from types import ModuleType
from typing import Any

from .._core.errors import ConfigurationError


def look_here() -> None:
    """Whoever calls a command stands in the project."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())


def module_named(dotted: str, name: str) -> ModuleType:
    """ConfigurationError where there is none; what fails within it passes through."""
    if not all(part.isidentifier() for part in dotted.split(".")):
        raise ConfigurationError(f"{name} must be the dotted name of a module, not {dotted!r}")
    try:
        return import_module(dotted)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{dotted}.".startswith(f"{error.name}."):
            raise
        whole = "" if error.name == dotted else f", of {dotted!r}"
        raise ConfigurationError(f"{name}: there is no module {error.name!r}{whole}") from error


def attribute_of(module: ModuleType, path: str, option: str) -> Any:
    """An app, or what the function that makes it returns."""
    found: Any = module
    for part in path.removesuffix("()").split("."):
        if not hasattr(found, part):
            raise ConfigurationError(f"{option}: {module.__name__} has no {path!r}")
        found = getattr(found, part)
    return found() if isfunction(found) and not signature(found).parameters else found
