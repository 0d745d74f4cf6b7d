"""The HTTP libraries of this environment: one environment of tox has httpx alone."""

import importlib
from importlib.util import find_spec
from typing import Any

NAMES = [name for name in ("httpx", "httpx2") if find_spec(name)]
LIBRARIES: list[Any] = [importlib.import_module(name) for name in NAMES]
