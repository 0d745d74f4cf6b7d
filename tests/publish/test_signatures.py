"""What ``help``, editors and ``create_autospec`` learn of the methods that take options."""

import inspect
import pydoc
from collections.abc import Callable
from typing import Any
from unittest.mock import create_autospec

import pytest

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing.message_options import BatchMessage, DlqRetryOptions, NewSchedule
from qstash_integrations.starlette import Publisher, SyncPublisher

CLIENT = QStash("TESTONLY-token-0000000000000000")
AWAITED = AsyncQStash("TESTONLY-token-0000000000000000")
MESSAGE = set(BatchMessage.__annotations__)
METHODS: dict[str, tuple[Callable[..., Any], set[str]]] = {
    "publish": (CLIENT.publish, MESSAGE - {"queue"}),
    "publish_json": (CLIENT.publish_json, MESSAGE - {"queue"}),
    "enqueue": (CLIENT.message.enqueue, MESSAGE),
    "enqueue_json": (AWAITED.enqueue_json, MESSAGE),
    "publish on the app": (Publisher.publish, MESSAGE - {"queue"}),
    "publish of .sync on the app": (SyncPublisher.publish, MESSAGE - {"queue"}),
    "schedule.create": (CLIENT.schedule.create, set(NewSchedule.__annotations__)),
    "schedule.create_json": (AWAITED.schedule.create_json, set(NewSchedule.__annotations__)),
    "dlq.retry": (CLIENT.dlq.retry, set(DlqRetryOptions.__annotations__)),
    "dlq.retry_many": (AWAITED.dlq.retry_many, {*DlqRetryOptions.__annotations__, "filter", "count"}),
    "dlq.retry_all": (CLIENT.dlq.retry_all, {*DlqRetryOptions.__annotations__, "count"}),
    "flow_control.pin": (CLIENT.flow_control.pin, {"parallelism", "rate", "period"}),
    "flow_control.unpin": (AWAITED.flow_control.unpin, {"parallelism", "rate"}),
}


@pytest.mark.parametrize(("method", "names"), METHODS.values(), ids=METHODS)
def test_a_signature_names_every_option(method: Callable[..., Any], names: set[str]) -> None:
    parameters = inspect.signature(method).parameters.values()
    assert {parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY} == names
    assert not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def test_help_shows_the_options_and_where_they_are_explained() -> None:
    text = pydoc.plain(pydoc.render_doc(CLIENT.publish_json))
    assert (
        "failure_callback: str | qstash_integrations._core.publishing.message_options.CallbackOptions | None = None"
        in text
    )
    assert "qstash_integrations.options" in text
    assert "**fields" not in text


def test_a_mock_made_of_a_client_refuses_a_misspelled_option() -> None:
    mock = create_autospec(CLIENT, instance=True)
    mock.publish({"url": "https://a.example"})
    with pytest.raises(TypeError, match="retires"):
        mock.publish(url="https://a.example", retires=3)
