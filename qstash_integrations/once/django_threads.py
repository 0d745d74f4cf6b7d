"""Where the asynchronous calls of a store that asks Django run: in the thread that Django has for what is synchronous.

Spec: https://docs.djangoproject.com/en/stable/topics/async/#async-adapter-functions
"""

from collections.abc import Callable
from typing import TypeVar

from .._core.receiving.runs import Run

T = TypeVar("T")


async def in_djangos_thread(work: Callable[[Run], T], run: Run) -> T:
    # Django is there once such a store is used, and not when this package is imported.
    from asgiref.sync import sync_to_async

    return await sync_to_async(work)(run)
