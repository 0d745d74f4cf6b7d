"""Every test here runs at every site; a site is started when its first test comes and stopped after its last."""

from collections.abc import Generator

import pytest

from tests.servers.sites import SITES, Running, running


@pytest.fixture(scope="session", params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in SITES])
def site(request: pytest.FixtureRequest) -> Generator[Running]:
    with running(SITES[request.param]) as started:
        yield started
