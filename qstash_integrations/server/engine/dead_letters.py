"""The dead letter queue: list, delete, and publish again as a new message.

Spec: https://upstash.com/docs/qstash/features/dlq
"""

from collections.abc import Sequence

from ..model import DeadLetter, Filter, Header, Page, Receipt, Refused
from ..tables import Store
from ..tables.dead_letters import Letter
from .acceptance import Acceptance
from .again import again
from .commits import Commits
from .letters import Letters
from .pages import beyond, page


class DeadLetters:
    def __init__(self, store: Store, commit: Commits, acceptance: Acceptance, letters: Letters) -> None:
        self._store = store
        self._commit = commit
        self._acceptance = acceptance
        self._letters = letters

    def page(self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = True) -> Page[DeadLetter]:
        """Up to ``count``, fewer when they are large; dates mean when they became dead letters."""
        letters = self._store.dead_letters.letters(wanted, beyond=beyond(cursor), earliest_first=earliest_first)
        return page(
            self._letters.opened(letters),
            count,
            position_of=lambda letter: letter.id,
            size_of=lambda letter: len(letter.message.body) + len(letter.outcome.body),
        )

    def get(self, dlq_id: str) -> DeadLetter:
        return next(self._letters.opened([self._letters.get(dlq_id)]))

    def delete(self, dlq_id: str) -> None:
        with self._commit():
            self._letters.remove([self._letters.get(dlq_id)])

    def delete_all(self, wanted: Filter, *, count: int | None) -> tuple[int, str | None]:
        """How many were deleted, the oldest first, and a cursor if ``count`` left some."""
        with self._commit():
            letters, cursor = self._letters.chosen(wanted, count)
            self._letters.remove(letters)
            return len(letters), cursor

    def retry(self, dlq_id: str, overrides: Sequence[Header] = ()) -> Receipt:
        """Publish it again as a new message; ``Upstash-*`` headers replace what it was published with."""
        with self._commit() as now:
            (receipt,) = self._retried([self._letters.get(dlq_id)], overrides, now)
            return receipt

    def retry_all(
        self, wanted: Filter, *, count: int | None, overrides: Sequence[Header] = ()
    ) -> tuple[list[Receipt], str | None]:
        """As ``retry``, all or none of them; and a cursor if ``count`` left some.

        Refused with 404 when one that is asked for by its id is unknown.
        """
        with self._commit() as now:
            letters, cursor = self._letters.all_chosen(wanted, count)
            return self._retried(letters, overrides, now), cursor

    def _retried(self, letters: Sequence[Letter], overrides: Sequence[Header], now: float) -> list[Receipt]:
        # The call's own Content-Type is not the message's.
        options = [header for header in overrides if header[0].lower().startswith("upstash-")]
        receipts: list[Receipt] = []
        for letter in self._letters.opened(letters):
            if letter.message.run is not None:
                raise Refused(400, f"dead letter {letter.id} is of a workflow run: resume or restart that")
            draft = again(letter.message, now, options)
            self._acceptance.check_options(draft.options, now)
            self._acceptance.check_room([draft])
            self._acceptance.accept(draft)
            receipts.append(Receipt(message_id=draft.id, url=draft.url))
        self._letters.remove(letters)
        return receipts
