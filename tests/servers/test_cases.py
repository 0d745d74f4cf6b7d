"""Every required case, byte by byte, against every kind of app on every server."""

import pytest

from tests.servers.cases import ALL
from tests.servers.cases.case import verdict
from tests.servers.cases.quirks import quirks
from tests.servers.sites import Running

pytestmark = pytest.mark.system


@pytest.mark.parametrize("name", ALL)
def test_the_handler_runs_for_a_genuine_message_alone_and_sees_what_was_signed(site: Running, name: str) -> None:
    assert verdict(site, ALL[name], quirks(site.site.server, name)) is None
