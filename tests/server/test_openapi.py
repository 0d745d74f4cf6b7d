"""The server against the official description of the API, where this machine has it."""

import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qstash_integrations.server.api.routes import ROUTES
from qstash_integrations.server.api.routing import Match, find
from tests.server.described import DESTINATIONS, Described, description_file, prepared
from tests.server.deviations import DEVIATIONS, EVERYWHERE, Deviation, applied

pytestmark = pytest.mark.system

# The strategies are those of the description, whose worst cases are not for us to mend.
EXPECTED = [
    HealthCheck.data_too_large,
    HealthCheck.filter_too_much,
    HealthCheck.large_base_example,
    HealthCheck.too_slow,
]
OPERATIONS = (
    "POST /v2/publish/{destination}",
    "POST /v2/enqueue/{queueName}/{destination}",
    "POST /v2/batch",
    "GET /v2/messages/{messageId}",
    "DELETE /v2/messages/{messageId}",
    "DELETE /v2/messages",
    "POST /v2/queues",
    "GET /v2/queues",
    "GET /v2/queues/{queueName}",
    "DELETE /v2/queues/{queueName}",
    "POST /v2/queues/{queueName}/pause",
    "POST /v2/queues/{queueName}/resume",
    "POST /v2/schedules/{destination}",
    "GET /v2/schedules",
    "GET /v2/schedules/{scheduleId}",
    "DELETE /v2/schedules/{scheduleId}",
    "POST /v2/schedules/{scheduleId}/pause",
    "POST /v2/schedules/{scheduleId}/resume",
    "GET /v2/topics",
    "GET /v2/topics/{urlGroupName}",
    "DELETE /v2/topics/{urlGroupName}",
    "POST /v2/topics/{urlGroupName}/endpoints",
    "DELETE /v2/topics/{urlGroupName}/endpoints",
    "GET /v2/dlq",
    "DELETE /v2/dlq",
    "GET /v2/dlq/{dlqId}",
    "DELETE /v2/dlq/{dlqId}",
    "POST /v2/dlq/retry/{dlqId}",
    "POST /v2/dlq/retry",
    "GET /v2/flowControl",
    "GET /v2/flowControl/{flowControlKey}",
    "POST /v2/flowControl/{flowControlKey}/pause",
    "POST /v2/flowControl/{flowControlKey}/resume",
    "POST /v2/flowControl/{flowControlKey}/pin",
    "POST /v2/flowControl/{flowControlKey}/unpin",
    "POST /v2/flowControl/{flowControlKey}/resetRate",
    "GET /v2/globalParallelism",
    "GET /v2/keys",
    "POST /v2/keys/rotate",
    "GET /v2/logs",
)


@pytest.fixture(scope="module")
def documented() -> dict[str, Any]:
    """The description, as it is."""
    yaml = pytest.importorskip("yaml")
    return dict(yaml.safe_load(Path(description_file()).read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def operations(documented: dict[str, Any]) -> Mapping[str, Any]:
    """The operations of the description with the deviations, by method and path."""
    schema = pytest.importorskip("schemathesis").openapi.from_dict(applied(deepcopy(documented)))
    return {result.ok().label: result.ok() for result in schema.get_all_operations()}


def test_the_description_is_known_as_a_whole(operations: Mapping[str, Any]) -> None:
    assert set(operations) == set(OPERATIONS)


def test_every_operation_has_a_route() -> None:
    found = {name: find(ROUTES, name.split()[0], re.sub(r"\{\w+\}", "x", name.split()[1])) for name in OPERATIONS}
    assert [name for name, route in found.items() if not isinstance(route, Match)] == []


@pytest.mark.parametrize("mode", ["POSITIVE", "NEGATIVE"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_it_answers_is_described(operations: Mapping[str, Any], operation: str, mode: str) -> None:
    """Never a 5xx, no status or body that is neither in the description nor among the deviations."""
    schemathesis = pytest.importorskip("schemathesis")
    checks = schemathesis.checks
    strategy = operations[operation].as_strategy(generation_mode=schemathesis.GenerationMode[mode])

    @settings(max_examples=10, database=None, suppress_health_check=EXPECTED)
    @given(case=strategy, helpful=st.booleans(), destination=st.sampled_from(DESTINATIONS))
    def check(case: Any, helpful: bool, destination: str) -> None:
        server = Described()
        request = prepared(case, server.places, destination if helpful else None, helpful)
        answer = server.call(request)
        case.validate_response(
            schemathesis.Response(
                status_code=answer.status,
                headers={name: [value] for name, value in answer.headers.items()},
                content=answer.body,
                request=request,
                elapsed=0.0,
                verify=False,
            ),
            checks=[
                checks.not_a_server_error,
                checks.status_code_conformance,
                checks.content_type_conformance,
                checks.response_schema_conformance,
            ],
        )

    check()


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda it: f"{it.operation} {it.status}")
def test_a_deviation_is_one(documented: dict[str, Any], deviation: Deviation) -> None:
    """The description does not list the status, and the server answers with it."""
    method, path = deviation.operation.split()
    assert str(deviation.status) not in documented["paths"][path][method.lower()]["responses"]
    server = Described()
    target = deviation.target.format(**server.places)
    assert server.local(method, target, deviation.body, deviation.headers).status == deviation.status


def test_what_holds_everywhere_is_not_told_of_each_operation() -> None:
    assert not {deviation.status for deviation in DEVIATIONS} & set(EVERYWHERE)
