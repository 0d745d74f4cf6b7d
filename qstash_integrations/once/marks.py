"""The rule of claiming, over named marks that expire: for stores that can read and write some of them in one step.

Two marks make a run. ``token:...`` holds the message for which the token was presented first. ``message:...`` holds
who is at work on it and with which token, or ``done``.
"""

from typing import NamedTuple, Protocol

from .._core.receiving.runs import Run, Standing

DONE = "done"


class Mark(NamedTuple):
    value: str
    left: float
    """Seconds before it expires."""


class Marks(Protocol):
    """Nobody else reads or writes the marks while one of the functions below runs."""

    def get(self, name: str) -> Mark | None:
        """None when there is none, or when it has expired."""
        ...

    def put(self, name: str, value: str, ttl: float) -> None: ...
    def lease(self, name: str, value: str, ttl: float) -> None:
        """``put`` for who is at work: by a clock that nobody sets, where the store has one."""
        ...

    def drop(self, name: str) -> None: ...


def claim(marks: Marks, run: Run) -> Standing:
    token, message = names(run)
    presented = marks.get(token)
    if presented is None:
        marks.put(token, run.message, run.token_ttl)
    elif presented.value != run.message:
        return Standing("replayed")
    found = marks.get(message)
    # Its own: it claims again, since the answer was lost.
    if found is None or found.value == at_work(run):
        marks.lease(message, at_work(run), run.lease)
        return Standing("free")
    if found.value.partition(" ")[0] in run.within:
        return Standing("held")
    if presented and (found.value == DONE or found.value.endswith(run.token)):
        return Standing("replayed")
    if found.value == DONE:
        return Standing("done")
    if found.left > run.lease:
        # The clock began anew. Whoever is at work may still be: so does the lease, and ends.
        marks.lease(message, found.value, run.lease)
    return Standing("busy", min(found.left, run.lease))


def renew(marks: Marks, run: Run) -> bool:
    _, message = names(run)
    found = marks.get(message)
    if found is not None and found.value != at_work(run):
        return False
    marks.lease(message, at_work(run), run.lease)
    return True


def complete(marks: Marks, run: Run) -> bool:
    _, message = names(run)
    found = marks.get(message)
    # With the lease over and nobody else at work, its work still counts.
    if found is not None and found.value != at_work(run):
        return False
    marks.put(message, DONE, run.kept)
    return True


def release(marks: Marks, run: Run) -> bool:
    _, message = names(run)
    found = marks.get(message)
    if found is None or found.value != at_work(run):
        return False
    marks.drop(message)
    return True


def names(run: Run) -> tuple[str, str]:
    return f"token:{run.token}", f"message:{run.message}"


def at_work(run: Run) -> str:
    return f"{run.holder} {run.token}"


def milliseconds(seconds: float) -> int:
    """For a store that counts in them: one at least, since none is none at all."""
    return max(int(seconds * 1000), 1)
