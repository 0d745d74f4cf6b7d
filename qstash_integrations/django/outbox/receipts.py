"""What is known of the rows that this process has written, for whoever holds their receipts."""

from weakref import WeakValueDictionary

from ..._core.publishing.results.published import PublishResponse
from ...outbox.row import Row


class Written:
    """A row, and the message that it has become once this process has sent it."""

    def __init__(self, row: Row) -> None:
        self._row_id = row.id
        self._is_of_group = "://" not in row.destination
        self._message_id: str | None = None
        _written[row.id] = self

    def become(self, message_id: str) -> None:
        self._message_id = message_id

    def result(self) -> PublishResponse:
        if self._is_of_group:
            raise RuntimeError(f"the message is row {self._row_id} of the outbox, of which no receipts of a group come")
        if self._message_id is None:
            raise RuntimeError(
                f"the message is row {self._row_id} of the outbox, and has no other id until it was sent after the "
                "commit, by this process"
            )
        return PublishResponse(message_id=self._message_id)


_written = WeakValueDictionary[str, Written]()


def tell(row_id: str, message_id: str) -> None:
    """The row was sent."""
    written = _written.get(row_id)
    if written is not None:
        written.become(message_id)
