from collections.abc import Generator

import pytest

from qstash_integrations._core.publishing.client import override_transport
from tests.compat.clients import ASKS, Ask, QStashStub


@pytest.fixture(params=ASKS.values(), ids=list(ASKS))
def ask(request: pytest.FixtureRequest) -> Ask:
    chosen: Ask = request.param
    return chosen


@pytest.fixture
def sent() -> Generator[QStashStub]:
    with override_transport(stub := QStashStub()):
        yield stub
