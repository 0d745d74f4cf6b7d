"""Django is configured before any test module is imported: views and URL patterns stand at their top."""

import pytest

from tests.django.project import configure

configure()

from tests.django.shop import HOSTS, Host  # noqa: E402 - after Django is configured


@pytest.fixture(params=HOSTS.values(), ids=list(HOSTS))
def host(request: pytest.FixtureRequest) -> Host:
    made: Host = request.param
    return made
