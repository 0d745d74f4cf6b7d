"""The one place that decides which HTTP library is used: ``httpx2`` when it is installed, else ``httpx``.

Both have the same API; ``httpx2`` is the maintained continuation and faster with many requests in flight.
"""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx
else:
    try:
        import httpx2 as httpx
    except ImportError:
        import httpx

__all__ = ["httpx", "library_of"]


def library_of(client: Any) -> Any:
    """The library, ``httpx`` or ``httpx2``, whose client this is: its exceptions are the ones to catch.

    TypeError when it is neither's.
    """
    for kind in type(client).__mro__:
        root = kind.__module__.partition(".")[0]
        if root in ("httpx", "httpx2"):
            return sys.modules[root]
    raise TypeError(f"http_client must be a client of httpx or httpx2, not {type(client).__name__}")
