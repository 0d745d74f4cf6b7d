"""The dead letter queue: list, delete, and publish again as a new message.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

from collections.abc import Generator, Iterable, Sequence
from itertools import islice

from ..model import DeadLetter, Filter, Header, Page, Receipt, Refused
from ..tables import Store
from ..tables.dead_letters import Letter
from .acceptance import Acceptance
from .again import again
from .commits import Commits
from .pages import beyond, page, position, seq_of


class DeadLetters:
    def __init__(self, store: Store, commit: Commits, acceptance: Acceptance) -> None:
        self._store = store
        self._commit = commit
        self._acceptance = acceptance

    def page(self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = True) -> Page[DeadLetter]:
        """Up to ``count``, fewer when they are large; dates mean when they became dead letters."""
        letters = self._store.dead_letters.letters(wanted, beyond=beyond(cursor), earliest_first=earliest_first)
        return page(
            self._opened(letters),
            count,
            position_of=lambda letter: letter.id,
            size_of=lambda letter: len(letter.message.body) + len(letter.outcome.body),
        )

    def get(self, dlq_id: str) -> DeadLetter:
        return next(self._opened([self._letter(dlq_id)]))

    def delete(self, dlq_id: str) -> None:
        with self._commit():
            self._store.dead_letters.remove([self._letter(dlq_id).seq])

    def delete_all(self, wanted: Filter, *, count: int | None) -> tuple[int, str | None]:
        """How many were deleted, the oldest first, and a cursor if ``count`` left some."""
        with self._commit():
            letters, cursor = self._chosen(wanted, count)
            self._store.dead_letters.remove([letter.seq for letter in letters])
            return len(letters), cursor

    def retry(self, dlq_id: str, overrides: Sequence[Header] = ()) -> Receipt:
        """Publish it again as a new message; ``Upstash-*`` headers replace what it was published with."""
        with self._commit() as now:
            (receipt,) = self._retried([self._letter(dlq_id)], overrides, now)
            return receipt

    def retry_all(
        self, wanted: Filter, *, count: int | None, overrides: Sequence[Header] = ()
    ) -> tuple[list[Receipt], str | None]:
        """As ``retry``, all or none of them; and a cursor if ``count`` left some.

        Refused with 404 when one that is asked for by its id is unknown.
        """
        with self._commit() as now:
            letters, cursor = self._chosen(wanted, count)
            found = {position(letter.at, letter.seq) for letter in letters}
            missing = [dlq_id for dlq_id in wanted.dlq_ids if dlq_id not in found]
            if missing and cursor is None:
                raise _unknown(missing[0])
            return self._retried(letters, overrides, now), cursor

    def _letter(self, dlq_id: str) -> Letter:
        seq = seq_of(dlq_id)
        letter = None if seq is None else self._store.dead_letters.get(seq)
        if letter is None or position(letter.at, letter.seq) != dlq_id:
            raise _unknown(dlq_id)
        return letter

    def _chosen(self, wanted: Filter, count: int | None) -> tuple[list[Letter], str | None]:
        """Up to ``count`` letters, the oldest first, and where the rest starts if there is one."""
        found = list(islice(self._store.dead_letters.letters(wanted), None if count is None else count + 1))
        if count is None or len(found) <= count:
            return found, None
        chosen = found[:count]
        return chosen, position(chosen[-1].at, chosen[-1].seq)

    def _retried(self, letters: Sequence[Letter], overrides: Sequence[Header], now: float) -> list[Receipt]:
        # The call's own Content-Type is not the message's.
        options = [header for header in overrides if header[0].lower().startswith("upstash-")]
        receipts: list[Receipt] = []
        for letter in self._opened(letters):
            draft = again(letter.message, now, options)
            self._acceptance.check_options(draft.options, now)
            self._acceptance.check_room([draft])
            self._acceptance.accept(draft)
            receipts.append(Receipt(message_id=draft.id, url=draft.url))
        self._store.dead_letters.remove([letter.seq for letter in letters])
        return receipts

    def _opened(self, letters: Iterable[Letter]) -> Generator[DeadLetter]:
        for letter in letters:
            message = self._store.messages.get(letter.message)
            outcome = self._store.log.outcome(letter.attempt)
            assert message is not None, "a message with a dead letter is kept"
            assert outcome is not None, "so are its attempts"
            yield DeadLetter(
                id=position(letter.at, letter.seq), seq=letter.seq, at=letter.at, message=message, outcome=outcome
            )


def _unknown(dlq_id: str) -> Refused:
    return Refused(404, f"dead letter {dlq_id[:40]!r} not found")
