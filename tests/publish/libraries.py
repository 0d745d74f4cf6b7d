"""The HTTP libraries whose clients can be passed, as far as they are here: httpx2 needs newer parts than old httpx."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

LIBRARIES: list[Any] = [import_module(name) for name in ("httpx", "httpx2") if find_spec(name)]
NAMES = [library.__name__ for library in LIBRARIES]
