"""A measurement with ``httpx2``, and as if there were ``httpx`` alone: which one it is, is decided once per process."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBRARIES = ("httpx2", "httpx")
_RUN = """
import json, sys
if sys.argv[1] == "httpx":
    sys.modules["httpx2"] = None
from importlib import import_module
json.dump(getattr(import_module(sys.argv[2]), sys.argv[3])(*sys.argv[4:]), sys.stdout)
"""


def called_with(library: str, function: Callable[..., Any], *arguments: str) -> Any:
    """What ``function(*arguments)`` returns in a process of its own that has this library; it must go through JSON."""
    command = [sys.executable, "-c", _RUN, library, function.__module__, function.__name__, *arguments]
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)
    return json.loads(ended.stdout)
