"""Most tests here run at the chosen sites; a site is started when its first test comes and stopped after its last."""

from collections.abc import Generator

import pytest

from tests.servers.sites import CHOSEN, SITES, Running, running


@pytest.fixture(scope="session", params=CHOSEN)
def site(request: pytest.FixtureRequest) -> Generator[Running]:
    with running(SITES[request.param]) as started:
        yield started


@pytest.fixture(scope="session", params=[name for name in SITES if name not in CHOSEN])
def other_site(request: pytest.FixtureRequest) -> Generator[Running]:
    with running(SITES[request.param]) as started:
        yield started
