"""The HTTP libraries whose clients can be passed."""

from typing import Any

import httpx
import httpx2

LIBRARIES: list[Any] = [httpx, httpx2]
NAMES = [library.__name__ for library in LIBRARIES]
