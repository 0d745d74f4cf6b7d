"""Workflow runs that failed, as dead letters: run again from the start or from where they failed, told of once more.

Spec: https://upstash.com/docs/workflow/features/dlq
"""

from collections.abc import Generator, Sequence

from ...model import DeadLetter, FailureCall, Filter, Header, Message, Page, Refused, Run
from ...model.run_history import FailedRun
from ...tables import Store
from ..acceptance import Acceptance
from ..commits import Commits
from ..endings import Endings, unfinished
from ..letters import Letters, unknown
from ..pages import beyond, page
from ..run_log import failure_log, sent_for
from .calling_back import failure_call
from .repeating import Repeating


class FailedRuns:
    def __init__(
        self,
        store: Store,
        commit: Commits,
        acceptance: Acceptance,
        endings: Endings,
        letters: Letters,
        repeating: Repeating,
    ) -> None:
        self._store = store
        self._commit = commit
        self._acceptance = acceptance
        self._endings = endings
        self._letters = letters
        self._repeating = repeating

    def page(self, wanted: Filter, *, cursor: str | None, count: int, earliest_first: bool = True) -> Page[FailedRun]:
        """Up to ``count``, fewer when they are large; dates mean when they failed."""
        letters = self._store.dead_letters.letters(wanted, beyond=beyond(cursor), earliest_first=earliest_first)
        return page(
            self._failed(self._letters.opened(letters)),
            count,
            position_of=lambda failed: failed.letter.id,
            size_of=lambda failed: len(failed.payload) + len(failed.letter.outcome.body),
        )

    def get(self, dlq_id: str) -> FailedRun:
        return next(self._failed([self._letter(dlq_id)]))

    def delete(self, dlq_id: str) -> None:
        with self._commit():
            self._store.dead_letters.remove([self._letter(dlq_id).seq])

    def restart(self, dlq_id: str, overrides: Sequence[Header] = ()) -> Run:
        """A new run with the same payload; ``Upstash-*`` headers replace what the first was started with."""
        with self._commit() as now:
            return self._repeated([self._letter(dlq_id)], overrides, now, resumed=False)[0]

    def resume(self, dlq_id: str, overrides: Sequence[Header] = ()) -> Run:
        """As ``restart``, with the results that the failed run has come to."""
        with self._commit() as now:
            return self._repeated([self._letter(dlq_id)], overrides, now, resumed=True)[0]

    def repeat_all(
        self, wanted: Filter, *, count: int | None, overrides: Sequence[Header] = (), resumed: bool
    ) -> tuple[list[Run], str | None]:
        """As ``restart`` or ``resume``, all or none of them, the oldest first; and a cursor if ``count`` left some.

        Refused with 404 when one that is asked for by its id is unknown.
        """
        with self._commit() as now:
            letters, cursor = self._letters.all_chosen(wanted, count)
            return self._repeated(list(self._letters.opened(letters)), overrides, now, resumed=resumed), cursor

    def tell_again(self, dlq_id: str) -> Run:
        """Call the failure function once more. Refused with 400 unless the last call of it failed."""
        with self._commit() as now:
            letter = self._letter(dlq_id)
            run = self._run(letter.message)
            if run.failure is None or run.failure.state != "CALLBACK_FAIL":
                state = "there is none" if run.failure is None else f"it is {run.failure.state}"
                raise Refused(400, f"only a failure callback that failed can be retried: {state}")
            entries = self._store.runs.entries(run.seq)
            draft = failure_call(run, letter.message, letter.outcome, entries, letter.id, now)
            assert draft is not None, "there was a call, of the same message"
            self._acceptance.check_room([draft])
            self._acceptance.accept(draft)
            self._store.runs.set_failure(run.seq, letter.id, FailureCall(message_id=draft.id, url=draft.url))
            return run

    def stop_telling(self, dlq_id: str) -> None:
        """Cancel the call of the failure function. Refused with 400 unless it is under way."""
        with self._commit() as now:
            letter = self._letter(dlq_id)
            run = self._run(letter.message)
            failure = run.failure
            call = None if failure is None else self._store.messages.by_id(failure.message_id)
            if failure is None or call is None or call.state == "done":
                raise Refused(400, "there is no failure callback under way")
            self._endings.drop([unfinished(call)], now)
            stopped = FailureCall(message_id=failure.message_id, url=failure.url, state="CALLBACK_CANCELED")
            self._store.runs.set_failure(run.seq, letter.id, stopped)

    def _repeated(
        self, letters: Sequence[DeadLetter], overrides: Sequence[Header], now: float, *, resumed: bool
    ) -> list[Run]:
        repeat = self._repeating.resume if resumed else self._repeating.restart
        runs = [repeat(self._run(letter.message), overrides, now) for letter in letters]
        self._store.dead_letters.remove([letter.seq for letter in letters])
        return runs

    def _letter(self, dlq_id: str) -> DeadLetter:
        letter = next(self._letters.opened([self._letters.get(dlq_id)]))
        if letter.message.run is None:
            raise unknown(dlq_id)
        return letter

    def _failed(self, letters: Generator[DeadLetter] | Sequence[DeadLetter]) -> Generator[FailedRun]:
        for letter in letters:
            run = self._run(letter.message)
            payload, headers = self._repeating.beginning(run)
            yield FailedRun(
                letter=letter,
                run=run,
                payload=payload,
                headers=headers,
                failure_call=failure_log(run, sent_for(self._store, run)),
            )

    def _run(self, message: Message) -> Run:
        run = None if message.run is None else self._store.runs.get(message.run)
        assert run is not None, "a run is kept for as long as it has a dead letter"
        return run
