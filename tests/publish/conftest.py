import pytest

from tests.publish.clients import MAKERS, MakeClient


@pytest.fixture(params=MAKERS.values(), ids=list(MAKERS))
def make_client(request: pytest.FixtureRequest) -> MakeClient:
    maker: MakeClient = request.param
    return maker
