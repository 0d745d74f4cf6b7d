"""The contract catches: a fault that is planted in an adapter turns a case red, and without it the case is green."""

import inspect
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import pytest
from django.test.utils import override_settings

from qstash_integrations import RetryAfter
from tests.contract import mutants, test_bodies, test_ends, test_handlers, test_layers, test_once, test_signatures
from tests.contract import test_urls as urls
from tests.contract import test_waiting as waiting
from tests.contract.calls import Reply
from tests.contract.harnesses import URL, Harness, Shop
from tests.contract.mutants import Adapter, harness_of
from tests.signing import signed

SHIPS = test_handlers.replying(Reply())
FAILS = test_handlers.raising(LookupError("no such order"))


class Case(NamedTuple):
    test: Callable[..., None]
    given: dict[str, Any] = {}  # noqa: RUF012 - never changed


GENUINE = Case(test_signatures.test_it_reaches_the_handler_once, {"request_of": {}})
ANOTHER_BODY = Case(
    test_signatures.test_it_is_turned_away_with_the_same_bytes,
    {"request_of": {"token": signed(b"another body", URL)}},
)
FORGED = Case(test_signatures.test_it_is_turned_away_with_the_same_bytes, {"request_of": {"token": "forged"}})
TWICE = Case(
    test_signatures.test_it_is_turned_away_with_the_same_bytes,
    {"request_of": test_signatures.REFUSED["H07 garbage second"]},
)
DUPLICATE = Case(test_once.test_another_attempt_at_a_message_that_is_done_is_answered_200)
AT_WORK = Case(test_once.test_another_attempt_at_a_message_at_work_is_answered_409)
NOT_DONE = Case(
    test_once.test_only_a_complete_2xx_or_489_is_done,
    {"handler": test_handlers.replying(Reply(500)), "done": False},
)
RELEASED = Case(test_once.test_only_a_complete_2xx_or_489_is_done, {"handler": FAILS, "done": False})
NESTED = Case(test_layers.test_two_verifications_with_one_store_claim_once)
HALF = Case(test_bodies.test_H34_H37_half_a_body_runs_nothing)
SIGNAL = Case(
    test_handlers.test_a_signal_is_answered,
    dict(zip(("signal", "status", "headers", "body"), test_handlers.SIGNALS["not retryable"], strict=True)),
)
HOST = Case(
    urls.test_another_origin_is_turned_away_whatever_the_host_header_says,
    {"request_of": urls.FOREIGN["H57 another host"]},
)

NOTICED_BY: dict[type[Adapter], Case] = {
    mutants.ReadsBeforeAdmission: Case(test_signatures.test_H03_an_unsigned_body_is_not_read),
    mutants.Unprepared: Case(waiting.test_an_event_loop_goes_on_while_keys_are_fetched),
    mutants.AdmitsEverybody: FORGED,
    mutants.SkipsTheHash: ANOTHER_BODY,
    mutants.BelievesTheHost: HOST,
    mutants.DecodesTheTarget: Case(urls.test_a_target_is_compared_as_it_was_sent, {"target": "/a%2Fb"}),
    mutants.DropsTheQuery: Case(urls.test_another_target_is_turned_away, {"target": "/h?a=1", "signed_for": "/h"}),
    mutants.TakesTheFirstSignature: TWICE,
    mutants.ReadsWithoutEnd: Case(waiting.test_the_end_of_a_body_over_the_limit_is_not_waited_for),
    mutants.ReadsWithoutTimeout: Case(waiting.test_a_body_that_does_not_arrive_in_time_is_given_up, {"body": b"part"}),
    mutants.TakesDisconnectForTheEnd: HALF,
    mutants.AnswersWhoHasLeft: HALF,
    mutants.ReadsOneChunk: Case(test_bodies.test_chunks_are_joined, {"chunks": [b"hello ", b"world"]}),
    mutants.GivesNoBody: GENUINE,
    mutants.GivesTheBodyTwice: Case(test_bodies.test_the_bytes_are_neither_decoded_nor_inflated, {"body": b"\xff"}),
    mutants.SaysWhy: FORGED,
    mutants.AnswersHeadWithABody: Case(test_signatures.test_H22_an_unsigned_HEAD_gets_the_same_headers_and_no_body),
    mutants.RunsAllTheSame: FORGED,
    mutants.SharesTheDelivery: Case(test_handlers.test_H70_many_at_once_do_not_see_each_other),
    mutants.IgnoresTheStore: DUPLICATE,
    mutants.IgnoresWhatWasClaimed: NESTED,
    mutants.DropsWhatItClaims: NESTED,
    mutants.EndsBeforeItRuns: AT_WORK,
    mutants.DoneWithTheFirstPart: Case(test_ends.test_a_stream_is_at_work_until_its_last_part_was_sent),
    mutants.DoneBeforeItIsSent: Case(test_ends.test_an_answer_that_cannot_be_sent_is_not_done, {"handler": SHIPS}),
    mutants.DoneWhateverTheStatus: NOT_DONE,
    mutants.NeverDone: DUPLICATE,
    mutants.DoneAfterAnException: RELEASED,
    mutants.NeverReleased: RELEASED,
    mutants.SwallowsSignals: SIGNAL,
    mutants.PassesSignalsOn: SIGNAL,
    mutants.AnswersTwice: Case(
        test_ends.test_a_signal_after_the_first_part_is_no_second_answer, {"signal": RetryAfter(60), "once": False}
    ),
    mutants.MakesAPageOfErrors: Case(test_handlers.test_an_error_passes_through_untouched, {"error": LookupError()}),
    mutants.RefersToItself: Case(
        test_ends.test_a_request_leaves_nothing_for_the_garbage_collector, {"case": "an answer", "once": False}
    ),
}


@pytest.fixture
def perform(caplog: pytest.LogCaptureFixture) -> Generator[Callable[[type[Adapter], Case], None]]:
    """Tries a case on an adapter."""

    def on(adapter: type[Adapter], case: Case) -> None:
        harness: Harness = harness_of(adapter)

        def open_shop(*arguments: Any, **options: Any) -> Shop:
            return Shop(harness, *arguments, **options)

        fixtures = {"harness": harness, "open_shop": open_shop, "shop": open_shop(), "caplog": caplog}
        wanted = inspect.signature(case.test).parameters
        case.test(**{name: value for name, value in fixtures.items() if name in wanted}, **case.given)

    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True):
        yield on


@pytest.mark.parametrize(("adapter", "case"), NOTICED_BY.items(), ids=[adapter.__name__ for adapter in NOTICED_BY])
def test_a_planted_fault_turns_the_case_red(
    perform: Callable[[type[Adapter], Case], None], adapter: type[Adapter], case: Case
) -> None:
    perform(Adapter, case)
    with pytest.raises((Exception, pytest.fail.Exception)):
        perform(adapter, case)


def test_every_fault_is_in_the_table() -> None:
    faults = [kind for kind in vars(mutants).values() if inspect.isclass(kind) and issubclass(kind, Adapter)]
    assert set(NOTICED_BY) == set(faults) - {Adapter}
