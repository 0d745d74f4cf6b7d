"""Stores for duplicate protection: ``verify_qstash(once=SQLiteStore("claims.db"))``.

A message that is delivered twice runs the handler once, and a request that is presented twice is refused. Which store:
``MemoryStore`` for a single process, ``SQLiteStore`` for the processes of one machine, ``RedisStore``,
``DjangoDatabaseStore`` and ``DjangoCacheStore`` for several. A store of one's own has the methods of ``Store``.
"""

from .._core.receiving.runs import Run, Standing, Store
from .django_cache import DjangoCacheStore
from .django_database import DjangoDatabaseStore
from .memory import MemoryStore
from .redis import RedisStore
from .sqlite import SQLiteStore

__all__ = [
    "DjangoCacheStore",
    "DjangoDatabaseStore",
    "MemoryStore",
    "RedisStore",
    "Run",
    "SQLiteStore",
    "Standing",
    "Store",
]
