"""Runs that steps of other runs have started: who waits for one, and whether it was started before.

Spec: https://upstash.com/docs/workflow/features/invoke
"""

from ...model import Invoker, Refused, Run, Step
from ...rules.invocations import MOST_NESTED, Invocation
from ...rules.steps import number_of, step_of
from ...tables import Store


def invoking(store: Store, invoker: Invoker) -> Run | None:
    """The run that waits, over or not; None for one that is not kept any more."""
    return store.runs.identified(invoker.run_id, invoker.created_at)


def invoked_before(store: Store, invocation: Invocation) -> str | None:
    """The id of the message that a step has started a run by, or of the step's result.

    The SDK makes a new id for the run each time that it does not hear the answer.
    """
    run = invoking(store, invocation.invoker)
    if run is None:
        return None
    for child in store.runs.invoked_by(run):
        if child.invoker is not None and number_of(step_of(child.invoker.step), "stepId") == invocation.step_id:
            first = store.runs.entry(child.seq, 0)
            assert first is not None, "a run is never without its initial payload"
            return first.message_id
    return store.runs.same(run.seq, Step(id=invocation.step_id))


def check_nesting(store: Store, run: Run) -> None:
    """Refused with 412 when so many wait for one another, up to ``run``, that another one would be too many."""
    outer = run
    for _ in range(MOST_NESTED):
        next_one = None if outer.invoker is None else invoking(store, outer.invoker)
        if next_one is None:
            return
        outer = next_one
    raise Refused(412, f"workflow runs can not be nested deeper than {MOST_NESTED}")
