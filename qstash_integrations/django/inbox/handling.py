"""A view in the transaction that its mark is written in.

The view runs in a savepoint: where it raises, or answers anything but 2xx, what it wrote goes and the mark of a failed
attempt stays, so that nothing else comes through with the attempt's token. Nothing is around the transaction: the
answer is sent after the commit, and the view's ``on_commit`` functions run between the two.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/#django.db.transaction.atomic
"""

import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any, NamedTuple, cast

from django.apps import apps
from django.db import DatabaseError, connections, transaction
from django.db.transaction import TransactionManagementError

from ..._core.errors import ConfigurationError
from ..._core.receiving.answers import REJECTED, Answer, in_progress
from ..._core.receiving.delivery import Delivery
from ..._core.receiving.report import Reporter
from ...inbox import COME_AGAIN, Mark, Standing, answer_of, is_contended, mark_of
from ..conf import improperly_configured
from ..response import is_of_a_test, response_of
from . import marks
from .finishing import finished
from .places import APP, VENDORS

_reporter = Reporter()
_ROLLED_BACK = (
    "the view answered 2xx, and its transaction is to be rolled back: a database error was caught outside of an "
    "atomic() of its own, or set_rollback() was called"
)


class _Found(NamedTuple):
    """In the place of a mark that was not taken."""

    standing: Standing


def around(view: Callable[..., Any], alias: str, *, of_tasks: bool = False) -> Callable[..., Any]:
    """``view`` in its transaction on the database ``alias``. For requests that are verified."""

    def marked(seen: Any, *args: Any, **kwargs: Any) -> Any:
        # Django REST framework puts a request of its own around Django's.
        request: Any = getattr(seen, "_request", seen)
        around_it = cast("list[str]", request.__dict__.setdefault("_qstash_inboxes", []))
        if alias in around_it:  # by a decorator further out
            return view(seen, *args, **kwargs)
        around_it.append(alias)
        try:
            work = partial(_answered, partial(view, seen, *args, **kwargs))
            outcome = handled(alias, request.qstash_delivery, work, of_tasks=of_tasks)
        finally:
            around_it.remove(alias)
        return response_of(outcome) if isinstance(outcome, Answer) else outcome

    return marked


def handled(
    alias: str,
    delivery: Delivery,
    work: Callable[[], tuple[Any, bool]],
    *,
    of_tasks: bool = False,
    now: Callable[[], float] = time.time,
) -> Any:
    """What ``work`` has returned, once it is committed; or the ``Answer`` to a message that is not for it.

    ``work`` says as well whether it is done: otherwise it is rolled back.
    """
    with improperly_configured():
        connection = _usable(alias)
    mark, url = mark_of(delivery, of_tasks=of_tasks), delivery.claims.sub
    del delivery  # error trackers print the locals of raising frames
    if mark is None:
        _reporter.repeated("method", url)
        return REJECTED
    failures: list[Exception] = []
    try:
        outcome = _committed(connection, mark, work, failures, int(now() * 1000))
        if failures:
            raise failures.pop()
    except DatabaseError as error:
        _spend(connection, mark, int(now() * 1000))
        if not is_contended(error):
            raise
        _reporter.repeated("busy", url)
        return in_progress(COME_AGAIN)
    if isinstance(outcome, _Found):
        if outcome.standing == "busy":
            _spend(connection, mark, int(now() * 1000))
        _reporter.repeated(outcome.standing, url)
        return answer_of(outcome.standing)
    return outcome


def problem_of(alias: str) -> str | None:
    """Why there can be no inbox in this database. Does not connect to it."""
    if alias not in connections.settings:
        return f"inbox={alias!r}: DATABASES has no such database"
    if not apps.is_installed(APP):
        return f"inbox= needs its table: add {APP!r} to INSTALLED_APPS, and migrate"
    vendor: str = cast("Any", connections)[alias].vendor
    if vendor not in VENDORS:
        return f"inbox={alias!r}: it is for PostgreSQL, MariaDB and SQLite, not {vendor}"
    return None


def _answered(view: Callable[[], Any]) -> tuple[Any, bool]:
    response = finished(view())
    return response, 200 <= response.status_code < 300


def _committed(connection: Any, mark: Mark, work: Any, failures: list[Exception], at: int) -> Any:
    with ExitStack() as beginning:
        beginning.enter_context(marks.impatient(connection))
        with transaction.atomic(using=connection.alias):
            found = marks.take(connection, mark, at)
            beginning.close()
            if found in ("first", "again"):
                return _worked(connection, mark, work, failures, at)
            if found == "done":
                marks.spend(connection, mark, at)
            else:
                connection.set_rollback(True)
    return _Found(found)


def _spend(connection: Any, mark: Mark, at: int) -> None:
    """Also of an attempt that left nothing, the token is to be known: as one that has failed.

    Not on SQLite while another writes, nor without a connection.
    """
    with suppress(DatabaseError), marks.impatient(connection), transaction.atomic(using=connection.alias):
        marks.spend(connection, mark, at)


def _worked(connection: Any, mark: Mark, work: Any, failures: list[Exception], at: int) -> Any:
    outcome, is_done = None, False
    try:
        with transaction.atomic(using=connection.alias):
            outcome, is_done = work()
            if not is_done:
                connection.set_rollback(True)
            elif connection.needs_rollback:
                raise TransactionManagementError(_ROLLED_BACK)
    except Exception as error:  # noqa: BLE001 - raised again behind the transaction
        failures.append(error)
        is_done = False
    # After a deadlock, or without a connection, nothing is left to keep.
    if not is_done and not connection.needs_rollback:
        try:
            marks.fail(connection, mark, at)
        except DatabaseError:
            connection.set_rollback(True)
    return outcome


def _usable(alias: str) -> Any:
    """Its connection, outside of any transaction; ConfigurationError says why not."""
    problem = problem_of(alias)
    if problem is not None:
        raise ConfigurationError(problem)
    connection = cast("Any", connections)[alias]
    blocks = connection.atomic_blocks
    # What is opened further out may be committed whatever the answer is, or rolled back behind it.
    if (blocks and not is_of_a_test(blocks[-1:])) or not (blocks or connection.get_autocommit()):
        raise ConfigurationError(
            f"inbox={alias!r}: a transaction is open around the view already, and its own has to be the outermost one: "
            "take the atomic() or set_autocommit() away that is further out; with ATOMIC_REQUESTS put verify_qstash on "
            'the whole view, on a class with @method_decorator(verify_qstash(inbox=...), name="dispatch")'
        )
    return connection
