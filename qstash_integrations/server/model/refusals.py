"""What the server does not do: a call that it does not accept, storage that has no room, a start that fails."""

from ..._core.errors import QStashError


class Refused(Exception):
    """A call that the server does not accept: an HTTP status from 400 on and the text of its ``error``."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(status, text)
        self.status = status
        self.text = text

    def __str__(self) -> str:
        return self.text


class StorageFull(Refused):
    """Nothing of a call was stored: the disk is full, or the database as large as it may be. Its status is 507."""


class RunIsOver(Refused):
    """A message for a workflow run that is over, or was never started. Its status is 400."""


class StartupError(QStashError):
    """The local server cannot start: one line that names the port or the file, and what to do."""
