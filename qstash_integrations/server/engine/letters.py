"""Dead letters by their ids and by filters: what looking at them, deleting and sending them again have in common."""

from collections.abc import Generator, Iterable
from itertools import islice

from ..model import DeadLetter, Filter, Refused
from ..tables import Store
from ..tables.dead_letters import Letter
from .pages import position, seq_of


class Letters:
    """Steps of a call."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, dlq_id: str) -> Letter:
        seq = seq_of(dlq_id)
        letter = None if seq is None else self._store.dead_letters.get(seq)
        if letter is None or position(letter.at, letter.seq) != dlq_id:
            raise unknown(dlq_id)
        return letter

    def chosen(self, wanted: Filter, count: int | None) -> tuple[list[Letter], str | None]:
        """Up to ``count`` letters, the oldest first, and where the rest starts if there is one."""
        found = list(islice(self._store.dead_letters.letters(wanted), None if count is None else count + 1))
        if count is None or len(found) <= count:
            return found, None
        chosen = found[:count]
        return chosen, position(chosen[-1].at, chosen[-1].seq)

    def all_chosen(self, wanted: Filter, count: int | None) -> tuple[list[Letter], str | None]:
        """As ``chosen``; Refused with 404 when one that is asked for by its id is unknown."""
        letters, cursor = self.chosen(wanted, count)
        found = {position(letter.at, letter.seq) for letter in letters}
        missing = [dlq_id for dlq_id in wanted.dlq_ids if dlq_id not in found]
        if missing and cursor is None:
            raise unknown(missing[0])
        return letters, cursor

    def opened(self, letters: Iterable[Letter]) -> Generator[DeadLetter]:
        """With their messages and last attempts, read as they are taken."""
        for letter in letters:
            message = self._store.messages.get(letter.message)
            outcome = self._store.log.outcome(letter.attempt)
            assert message is not None, "a message with a dead letter is kept"
            assert outcome is not None, "so are its attempts"
            yield DeadLetter(
                id=position(letter.at, letter.seq), seq=letter.seq, at=letter.at, message=message, outcome=outcome
            )

    def remove(self, letters: Iterable[Letter]) -> None:
        self._store.dead_letters.remove([letter.seq for letter in letters])


def unknown(dlq_id: str) -> Refused:
    return Refused(404, f"dead letter {dlq_id[:40]!r} not found")
