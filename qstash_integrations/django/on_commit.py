"""Publishing once the transaction commits: what is rolled back, wholly or to a savepoint, publishes nothing.

Spec: https://docs.djangoproject.com/en/stable/topics/db/transactions/#performing-actions-after-commit
"""

from collections.abc import Callable, Sequence
from copy import copy, deepcopy
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from django.db import transaction
from django.utils.functional import LazyObject

from .._core.publishing.inputs import Header
from .._core.publishing.message_options import ApiMessage, GroupMessage, UrlMessage
from .._core.publishing.operations import Operation
from .._core.publishing.operations.batch import BATCH
from .conf import writes_to_outbox

T = TypeVar("T")
if TYPE_CHECKING:
    _Lazy = LazyObject[Any]
else:
    _Lazy = LazyObject


class UrlMessageOnCommit(UrlMessage, total=False):
    queue: str | None
    """Through a queue, as ``enqueue`` does."""


class ApiMessageOnCommit(ApiMessage, total=False):
    queue: str | None


class GroupMessageOnCommit(GroupMessage, total=False):
    queue: str | None


def held_back(
    operation: Operation[T],
    send: Callable[[Operation[T]], T],
    created: Callable[[Operation[T]], Operation[T]],
    using: str | None,
    added: Sequence[Header],
) -> T | None:
    """A receipt for what is sent when the open transaction commits; None where there is no transaction.

    What fails then is logged by Django: it cannot undo the commit, and other hooks of the transaction still run. With
    QSTASH_OUTBOX it waits as a row, as ``created`` makes it, without ``added``, the headers of the client's.
    """
    if writes_to_outbox():
        return _written(operation, created, using, added)
    connection = transaction.get_connection(using)
    if not connection.in_atomic_block and connection.get_autocommit():
        return None
    if operation.in_parts:
        raise RuntimeError(
            "publish_many sends while it is iterated over, and QSTASH_ON_COMMIT holds back what is published in a "
            "transaction: iterate after the transaction, or in a function given to transaction.on_commit"
        )
    held = _Held(operation, send)
    transaction.on_commit(held.publish, using=using, robust=True)
    return cast("T", Receipt(held))


def _written(
    operation: Operation[T],
    created: Callable[[Operation[T]], Operation[T]],
    using: str | None,
    added: Sequence[Header],
) -> T | None:
    from .outbox.databases import database
    from .outbox.receipts import Written
    from .outbox.writing import check_open, is_open, write

    alias = database(using)
    if not is_open(alias):
        check_open(alias)
        return None
    receipts = [Receipt(Written(row)) for row in write(created(operation), alias, added)]
    return cast("T", receipts if operation.path == BATCH else receipts[0])


class _Held(Generic[T]):
    """One call to QStash that waits for a commit."""

    def __init__(self, operation: Operation[T], send: Callable[[Operation[T]], T]) -> None:
        self._operation = operation
        self._send = send
        self._result: T | None = None
        self._error: Exception | None = None

    def publish(self) -> None:
        try:
            self._result = self._send(self._operation)
        except Exception as error:
            self._error = error
            raise

    def result(self) -> T:
        if self._error is not None:
            raise self._error
        if self._result is None:
            raise RuntimeError(
                "nothing was published yet: that happens when the transaction commits, and only then is there a receipt"
            )
        return self._result


class Receipt(_Lazy):
    """What publishing returns where it waits for a commit.

    Once the transaction has committed it is the receipt, in every respect but its type; where publishing has failed
    then, it raises that error. Before, and for ever after a rollback, whatever is asked of it is a RuntimeError. With
    an outbox it is one until this process has sent the row, whose id it names.
    """

    def __init__(self, held: Any) -> None:
        super().__init__()
        self.__dict__["_held"] = held

    def _setup(self) -> None:
        self._wrapped = self.__dict__["_held"].result()

    def __copy__(self) -> Any:
        return copy(self.__dict__["_held"].result())

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        return deepcopy(self.__dict__["_held"].result(), memo)

    def __repr__(self) -> str:
        try:
            return repr(self.__dict__["_held"].result())
        except Exception as error:  # noqa: BLE001 - a repr never raises
            return f"<Receipt: {error}>"
