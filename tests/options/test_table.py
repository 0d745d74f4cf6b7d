"""The table of options against what type checkers and callers know of them."""

from typing import get_args

import pytest

from qstash_integrations._core.publishing.message_options import (
    CallbackOptions,
    DlqRetryOptions,
    FlowControl,
    MessageOptions,
    Method,
    NewSchedule,
    PinFlowControlOptions,
)
from qstash_integrations._core.publishing.options import OPTIONS, CallKind
from qstash_integrations.server.model import FlowControl as ServerFlowControl
from qstash_integrations.server.model import Options

TYPED: dict[CallKind, set[str]] = {
    "message": set(MessageOptions.__annotations__) - {"body"} | {"queue"},
    "schedule": set(NewSchedule.__annotations__) - {"body", "destination"},
    "retry": set(DlqRetryOptions.__annotations__),
    "callback": set(CallbackOptions.__annotations__) - {"url", "headers", "content_type"},
}


@pytest.mark.parametrize(("call", "names"), TYPED.items(), ids=TYPED)
def test_every_row_is_a_keyword_and_every_keyword_a_row(call: CallKind, names: set[str]) -> None:
    assert {name for name, option in OPTIONS.items() if call in option.of} == names


def test_every_part_of_flow_control_is_a_row() -> None:
    parts = [part.name for part in OPTIONS["flow_control"].parts]
    assert parts == list(FlowControl.__annotations__) == ["key", *PinFlowControlOptions.__annotations__]


def test_the_methods_of_the_table_are_those_of_type_checkers() -> None:
    assert OPTIONS["method"].choices == get_args(Method)


def test_what_goes_without_saying_is_what_the_local_server_does() -> None:
    assert {name: option.default for name, option in OPTIONS.items() if option.default} == {
        "method": "POST",
        "retries": "3",
        "content_based_deduplication": "false",
    }
    options = Options()
    assert (options.method, options.retries, options.content_based_deduplication) == ("POST", 3, False)
    (period,) = [part for part in OPTIONS["flow_control"].parts if part.name == "period"]
    assert (period.default, ServerFlowControl(key="crm").period) == ("1s", 1)
