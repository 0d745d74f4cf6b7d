"""CI tests the image that is to be deployed, whose variables say production: tests are tests there, too."""

import pytest

from qstash_integrations import Receiver
from qstash_integrations.server.app import LocalServer
from qstash_integrations.testing import LocalQStash
from tests.server.client import client
from tests.testing.shop import Shop


@pytest.fixture(autouse=True)
def the_image_of_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENV", "APP_ENV", "NODE_ENV"):
        monkeypatch.setenv(name, "production")


def test_E15_what_a_test_publishes_is_delivered() -> None:
    """Nothing listens, and nobody but the test can publish."""
    shop = Shop()
    with LocalQStash(shop.app) as local:
        shop.publish({"id": 3})
        local.deliver_due()
    assert shop.orders == [{"id": 3}]


def test_E15_the_server_of_the_fixture_starts(request: pytest.FixtureRequest) -> None:
    server: LocalServer = request.getfixturevalue("qstash_server")
    with client(server) as api:
        assert api.get("/v2/keys").json() == {"current": server.keys.current, "next": server.keys.next}
    # No app would take the published ones here.
    Receiver(server.keys.current, server.keys.next)
