"""The contract catches: a fault that is planted in an adapter turns a case red, and without it the case is green."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from qstash_integrations import NonRetryable, RetryAfter
from tests.contract import mutants
from tests.contract import test_bodies as bodies
from tests.contract import test_current as current
from tests.contract import test_ends as ends
from tests.contract import test_handlers as handlers
from tests.contract import test_layers as layers
from tests.contract import test_once as once
from tests.contract import test_settings as settings
from tests.contract import test_signatures as signatures
from tests.contract import test_urls as urls
from tests.contract import test_waiting as waiting
from tests.contract.calls import Reply
from tests.contract.conftest import opening
from tests.contract.harnesses import URL, WAYS_IN
from tests.contract.throwaway import Adapter, Endpoint, harness_of
from tests.signing import signed

Kind = type[Adapter] | type[Endpoint]
# Not any error: a fault that only breaks the adapter shows nothing.
RED = (AssertionError, pytest.fail.Exception, NonRetryable, TimeoutError, ExceptionGroup)


class Case(NamedTuple):
    test: Callable[..., None]
    given: dict[str, Any] = {}  # noqa: RUF012 - never changed

    def is_asked_of_all(self) -> bool:
        """No row that only some of the adapters are asked."""
        for mark in getattr(self.test, "pytestmark", ()):
            names, rows = mark.args[0], mark.args[-1]
            if names[0] == "harness" and hasattr(rows[0], "values"):
                values = tuple(self.given[name] for name in names[1:])
                return {asked.values[0] for asked in rows if asked.values[1:] == values} >= set(WAYS_IN)
        return True


def row(test: Callable[..., None], names: str, values: Any) -> Case:
    given = names.split(", ")
    return Case(test, dict(zip(given, values if len(given) > 1 else (values,), strict=True)))


accepted = partial(row, signatures.test_it_reaches_the_handler_once, "request_of")
refused = partial(row, signatures.test_it_is_turned_away_with_the_same_bytes, "request_of")
fitting = partial(row, urls.test_a_target_is_compared_as_it_was_sent, "target")
done = partial(row, once.test_only_a_complete_2xx_or_489_is_done, "handler, done")
signalled = partial(row, handlers.test_a_signal_is_answered, "signal, status, headers, body")

GENUINE = accepted(signatures.ACCEPTED["H01 genuine"])
FORGED = refused(signatures.REFUSED["forged"])
DUPLICATE = Case(once.test_another_attempt_at_a_message_that_is_done_is_answered_200)
RELEASED = done(once.ENDS["an exception"])
NESTED = Case(layers.test_two_verifications_with_one_store_claim_once)
HALF = Case(bodies.test_H34_H37_half_a_body_runs_nothing)
SIGNAL = signalled(handlers.SIGNALS["not retryable, and why"])
TAKEN = Case(layers.test_a_body_that_was_taken_ahead_is_refused_at_once, {"token": signed(b"", URL)})
TAKEN_WITHOUT_LENGTH = Case(layers.test_a_body_without_a_length_that_was_taken_ahead_is_not_an_empty_one)

NOTICED_BY: dict[Kind, Case] = {
    mutants.ReadsBeforeAdmission: Case(signatures.test_H03_an_unsigned_body_is_not_read),
    mutants.Unprepared: Case(waiting.test_an_event_loop_goes_on_while_keys_are_fetched),
    mutants.StartsWithoutSettings: Case(settings.test_H63_an_app_does_not_start_without),
    mutants.LetsInWithoutSettings: row(
        settings.test_H63_nothing_works_without, "environment, options, problem", settings.MISSING["everything"]
    ),
    mutants.KeepsTheFirstSettings: Case(settings.test_an_override_reaches_an_app_that_was_built_before),
    mutants.LogsTheToken: GENUINE,
    mutants.LogsTheBody: GENUINE,
    mutants.LetsOptionsThrough: refused(signatures.REFUSED["H23 OPTIONS"]),
    mutants.AdmitsEverybody: FORGED,
    mutants.SkipsTheHash: refused(signatures.REFUSED["H17 another body"]),
    mutants.BelievesTheHost: row(
        urls.test_another_origin_is_turned_away_whatever_the_host_header_says,
        "request_of",
        urls.FOREIGN["H57 the attacker's own, forwarded"],
    ),
    mutants.DecodesTheTarget: fitting(urls.FITTING["H47 encoded slash"]),
    mutants.DropsTheQuery: fitting(urls.FITTING["H45 query"]),
    mutants.ForgetsTheMount: row(
        urls.test_the_public_url_is_the_origin,
        "public_url, target, root_path, url",
        urls.ORIGINS["a prefix for the mount"],
    ),
    mutants.TakesUnderscores: refused(signatures.REFUSED["H08 underscore"]),
    mutants.TakesTheFirstSignature: refused(signatures.REFUSED["H06 twice"]),
    mutants.ReadsWithoutEnd: Case(waiting.test_the_end_of_a_body_over_the_limit_is_not_waited_for),
    mutants.ReadsWithoutTimeout: Case(waiting.test_a_body_that_does_not_arrive_in_time_is_given_up, {"body": b"part"}),
    mutants.TakesDisconnectForTheEnd: HALF,
    mutants.AnswersWhoHasLeft: HALF,
    mutants.ReadsOneChunk: Case(bodies.test_chunks_are_joined, {"chunks": [b"hello ", b"world"]}),
    mutants.ReadsAgainWhatWasRead: Case(layers.test_a_body_that_was_read_ahead_is_verified),
    mutants.WaitsForWhatWasTaken: TAKEN,
    mutants.TakesWhatWasTakenForEmpty: TAKEN_WITHOUT_LENGTH,
    mutants.GivesNoBody: GENUINE,
    mutants.GivesTheBodyTwice: row(
        bodies.test_the_bytes_are_neither_decoded_nor_inflated, "body", bodies.BODIES["H39 looks compressed"]
    ),
    mutants.SaysWhy: FORGED,
    mutants.AnswersHeadWithABody: Case(signatures.test_H22_an_unsigned_HEAD_gets_the_same_headers_and_no_body),
    mutants.RunsAllTheSame: FORGED,
    mutants.SharesTheDelivery: Case(handlers.test_H70_many_at_once_do_not_see_each_other),
    mutants.RunsInAContextOfItsOwn: Case(current.test_a_handler_finds_its_delivery),
    mutants.LeavesTheDelivery: row(current.test_it_is_gone_with_the_request, "handler", current.HANDLERS["an answer"]),
    mutants.ShowsNothingInTheStream: Case(current.test_a_stream_finds_it_to_its_last_part, {"once": False}),
    mutants.IgnoresTheStore: DUPLICATE,
    mutants.RunsWithoutTheStore: Case(once.test_H72_with_the_store_down_the_handler_does_not_run),
    mutants.ClaimsBeforeTheHash: row(
        once.test_a_refused_request_claims_nothing, "request_", once.REFUSED["an incomplete body"]
    ),
    mutants.IgnoresWhatWasClaimed: NESTED,
    mutants.DropsWhatItClaims: NESTED,
    mutants.EndsBeforeItRuns: Case(once.test_another_attempt_at_a_message_at_work_is_answered_409),
    mutants.DoneWithTheFirstPart: Case(ends.test_a_stream_is_at_work_until_its_last_part_was_sent),
    mutants.DoneBeforeItIsSent: Case(
        ends.test_an_answer_that_cannot_be_sent_is_not_done, {"handler": handlers.replying(Reply())}
    ),
    mutants.DoneWhenReturned: Case(layers.test_an_answer_that_is_dropped_is_not_done),
    mutants.TakesALostClientForServed: Case(ends.test_a_stream_whose_client_leaves_is_not_done),
    mutants.DoneWhateverTheStatus: done(once.ENDS["500"]),
    mutants.NeverDone: DUPLICATE,
    mutants.DoneAfterAnException: RELEASED,
    mutants.NeverReleased: RELEASED,
    mutants.SwallowsSignals: SIGNAL,
    mutants.PassesSignalsOn: SIGNAL,
    mutants.SignalsHeadWithABody: SIGNAL,
    mutants.SignalsAndForgetsTheTurn: done(once.ENDS["not retryable"]),
    mutants.AnswersTwice: Case(
        ends.test_a_signal_after_the_first_part_is_no_second_answer, {"signal": RetryAfter(60), "once": False}
    ),
    mutants.MakesAPageOfErrors: row(
        handlers.test_an_error_passes_through_untouched, "error", handlers.ERRORS["H65 its own"]
    ),
    mutants.RefersToItself: Case(ends.test_a_request_leaves_nothing_for_the_garbage_collector, {"case": "an answer"}),
}


@pytest.fixture
def perform(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Callable[[Kind, Case], None]:
    """Tries a case on an adapter."""

    def on(adapter: Kind, case: Case) -> None:
        caplog.clear()
        harness = harness_of(adapter)
        with opening(harness, caplog) as open_shop, monkeypatch.context() as patch:
            fixtures = {
                "harness": harness,
                "open_shop": open_shop,
                "shop": open_shop(),
                "open_configured": partial(settings.configured, harness, patch),
                "caplog": caplog,
            }
            wanted = inspect.signature(case.test).parameters
            case.test(**{name: value for name, value in fixtures.items() if name in wanted}, **case.given)

    return on


@pytest.mark.parametrize(("adapter", "case"), NOTICED_BY.items(), ids=[adapter.__name__ for adapter in NOTICED_BY])
def test_a_planted_fault_turns_the_case_red(perform: Callable[[Kind, Case], None], adapter: Kind, case: Case) -> None:
    perform(Adapter if issubclass(adapter, Adapter) else Endpoint, case)
    with pytest.raises(RED):
        perform(adapter, case)


def test_every_adapter_is_asked_what_notices_a_fault() -> None:
    assert [kind.__name__ for kind, case in NOTICED_BY.items() if not case.is_asked_of_all()] == []


def test_every_fault_is_in_the_table() -> None:
    faults = [kind for kind in vars(mutants).values() if inspect.isclass(kind) and issubclass(kind, Adapter | Endpoint)]
    assert set(NOTICED_BY) == set(faults) - {Adapter, Endpoint}
