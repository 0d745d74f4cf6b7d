"""Claims in a table of one of Django's databases: for every process that shares it.

For PostgreSQL, MariaDB, MySQL and SQLite, with ``qstash_integrations.django.once`` in INSTALLED_APPS and migrated. A
claim is one statement and its end another, outside of every transaction: within a view's own nobody else would see
them, so a view that is called in one is refused.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/#autocommit
"""

import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from typing import Any, TypeVar

from .._core.contention import GIVEN_UP, has_code
from .._core.errors import ConfigurationError
from .._core.receiving.runs import KEPT, LEASE, Run, Standing, check_periods
from . import marks
from .django_rows import STATEMENTS, SWEPT_AT_ONCE, Rows
from .django_threads import in_djangos_thread

T = TypeVar("T")

APP = "qstash_integrations.django.once"
_TRIES = 8
_SWEEP_EVERY = 1.0  # seconds, unless something is left


class DjangoDatabaseStore:
    """Protects wherever the database ``alias`` is shared. Lifetimes run on the clock of the database.

    A database that cannot protect is refused at the first use, and by ``manage.py check``. One that does not answer
    should give up well within the lease: say so in its OPTIONS, such as connect_timeout.
    """

    def __init__(self, alias: str = "default", *, lease: float = LEASE, kept: float = KEPT) -> None:
        check_periods(lease, kept)
        self.lease = lease
        self.kept = kept
        self._alias = alias
        self._checked = False
        self._sweeps_at = -inf

    def claim(self, run: Run) -> Standing:
        return self._call(self._claimed, run)

    def renew(self, run: Run) -> bool:
        try:
            return self._call(_renewed, run)
        finally:
            # At the end of a request Django does this, but renewals belong to none.
            self._connection().close_if_unusable_or_obsolete()

    def complete(self, run: Run) -> bool:
        return self._call(_completed, run)

    def release(self, run: Run) -> bool:
        return self._call(Rows.release, run)

    async def aclaim(self, run: Run) -> Standing:
        return await in_djangos_thread(self.claim, run)

    async def acomplete(self, run: Run) -> bool:
        return await in_djangos_thread(self.complete, run)

    async def arelease(self, run: Run) -> bool:
        return await in_djangos_thread(self.release, run)

    def check(self) -> None:
        """Raise ConfigurationError for a database that cannot protect. Does not connect to it."""
        from django.apps import apps
        from django.db import connections

        if self._alias not in connections.settings:
            raise ConfigurationError(f"DjangoDatabaseStore({self._alias!r}): DATABASES has no such database")
        vendor: str = connections[self._alias].vendor
        if vendor not in STATEMENTS:
            raise ConfigurationError(
                f"DjangoDatabaseStore({self._alias!r}) is for PostgreSQL, MariaDB, MySQL and SQLite, not {vendor}; use "
                "RedisStore"
            )
        if not apps.is_installed(APP):
            raise ConfigurationError(f"DjangoDatabaseStore needs its table: add {APP!r} to INSTALLED_APPS, and migrate")

    def _connection(self) -> Any:
        """This thread's, outside of every transaction of the app."""
        from django.db import connections

        if not self._checked:
            self.check()
            self._checked = True
        connection: Any = connections[self._alias]
        # Those of a TestCase are none of the app's.
        blocks = [block for block in connection.atomic_blocks if not getattr(block, "_from_testcase", False)]
        if blocks or not (connection.in_atomic_block or connection.get_autocommit()):
            raise ConfigurationError(
                f"DjangoDatabaseStore({self._alias!r}) is in the database within whose transaction this view runs, so "
                "that nobody else sees its claims; take the atomic() or set_autocommit() away that is further out, "
                "with ATOMIC_REQUESTS by transaction.non_atomic_requests, or give it an alias of its own for that "
                "database"
            )
        return connection

    def _call(self, work: Callable[[Rows, Run], T], run: Run) -> T:
        from django.db import Error

        connection = self._connection()
        rows = Rows(connection)
        for _ in range(_TRIES - 1):
            was_open = connection.connection is not None
            try:
                return work(rows, run)
            except Error as error:
                if not has_code(error, GIVEN_UP) and not _is_lost(connection, was_open=was_open):
                    raise
        return work(rows, run)

    def _claimed(self, rows: Rows, run: Run) -> Standing:
        if rows.begin(run):
            self._sweep(rows)
            return Standing("free")
        with rows.locked(*marks.names(run)) as locked:
            return marks.claim(locked, run)

    def _sweep(self, rows: Rows) -> None:
        if time.monotonic() < self._sweeps_at:
            return
        from django.db import Error

        swept = 0
        # The claim has been made, and others sweep as well.
        with suppress(Error):
            swept = rows.sweep()
        if swept < SWEPT_AT_ONCE:
            self._sweeps_at = time.monotonic() + _SWEEP_EVERY


def _is_lost(connection: Any, *, was_open: bool) -> bool:
    """Whether the server has closed it, say while the handler worked: the next statement takes another.

    Also one that came from a pool, where there may be more of them. Who cannot connect has lost none.
    """
    if connection.in_atomic_block:
        return False  # a test's
    if connection.connection is None:
        return was_open
    if connection.is_usable():
        return False
    connection.close()
    return True


def _renewed(rows: Rows, run: Run) -> bool:
    if rows.renew(run):
        return True
    with rows.locked(marks.names(run)[1]) as locked:
        return marks.renew(locked, run)


def _completed(rows: Rows, run: Run) -> bool:
    if rows.end(run):
        return True
    with rows.locked(marks.names(run)[1]) as locked:
        return marks.complete(locked, run)
