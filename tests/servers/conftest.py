"""Most tests here run at the chosen sites; a site is started when its first test comes and stopped after its last."""

from collections.abc import Generator

import pytest

from tests.servers.sites import CHOSEN, SITES, Running, running


def _in_one_worker(names: list[str]) -> list[object]:
    return [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in names]


@pytest.fixture(scope="session", params=_in_one_worker(CHOSEN))
def site(request: pytest.FixtureRequest) -> Generator[Running]:
    with running(SITES[request.param]) as started:
        yield started


@pytest.fixture(scope="session", params=_in_one_worker([name for name in SITES if name not in CHOSEN]))
def other_site(request: pytest.FixtureRequest) -> Generator[Running]:
    with running(SITES[request.param]) as started:
        yield started
