"""Every required case, byte by byte, behind every server; some of them against every kind of app there."""

from collections.abc import Collection

import pytest

from tests.servers.cases import ALL
from tests.servers.cases.case import verdict
from tests.servers.cases.quirks import quirks
from tests.servers.sites import Running

pytestmark = pytest.mark.system

IDS = {name.split()[0]: [other for other in ALL if other.split()[0] == name.split()[0]] for name in ALL}
# What an adapter makes of a server's scope or environ: the header, the body, its end, the raw target, the method.
SOME = [
    *IDS["H01"],
    *IDS["H03"],
    *IDS["H06"],
    *IDS["H26"],
    *IDS["H30"],
    *IDS["H31"],
    *IDS["H45"],
    *IDS["H47"],
    "H24 PUT",
]


def wrong(site: Running, names: Collection[str]) -> dict[str, str]:
    """What was wrong with each of these cases, where something was."""
    found = {name: verdict(site, ALL[name], quirks(site.site.server, name)) for name in names}
    return {name: said for name, said in found.items() if said is not None}


@pytest.mark.parametrize("names", IDS.values(), ids=IDS)
def test_the_handler_runs_for_a_genuine_message_alone_and_sees_what_was_signed(site: Running, names: list[str]) -> None:
    assert wrong(site, names) == {}


def test_so_it_does_in_every_app_on_every_server(other_site: Running) -> None:
    assert wrong(other_site, SOME) == {}
