"""Flow control, global parallelism and the signing keys."""

from collections.abc import Iterator

import pytest

from tests.server.local import URL, Got, Local
from tests.signing import CURRENT, NEXT, NOW


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def publish(local: Local, value: str = "parallelism=5, rate=10, period=1m") -> str:
    return local.publish(URL, Flow_Control_Key="crm", Flow_Control_Value=value)


def test_a_key_is_known_from_the_first_message_on(local: Local) -> None:
    publish(local)
    flow = {
        "flowControlKey": "crm",
        "waitListSize": 0,
        "parallelismMax": 5,
        "parallelismCount": 0,
        "rateMax": 10,
        "rateCount": 0,
        "ratePeriod": 60,
        "ratePeriodStart": 0,
        "isPaused": False,
        "isPinnedParallelism": False,
        "isPinnedRate": False,
    }
    assert local("GET", "/v2/flowControl/crm") == Got(200, flow)
    assert local("GET", "/v2/FlowControl/") == Got(200, [flow])
    assert local("GET", "/v2/flowControl?search=r").json == [flow]
    assert local("GET", "/v2/flowControl?search=x").json == []


def test_what_is_under_way_is_counted(local: Local) -> None:
    for _ in range(3):
        publish(local, "parallelism=2, rate=10, period=60")
    assert len(local.engine.claiming.claim(10)) == 2
    flow = local("GET", "/v2/flowControl/crm").json
    assert (flow["parallelismCount"], flow["rateCount"], flow["waitListSize"]) == (2, 2, 1)
    assert flow["ratePeriodStart"] == NOW
    assert local("GET", "/v2/globalParallelism") == Got(200, {"parallelismMax": 100, "parallelismCount": 2})


def test_a_key_is_paused_and_resumed(local: Local) -> None:
    publish(local)
    assert local("POST", "/v2/flowControl/crm/pause") == Got(200, None)
    assert local("GET", "/v2/flowControl/crm").json["isPaused"] is True
    assert local.engine.claiming.claim(10) == []
    assert local("POST", "/v2/flowControl/crm/resume") == Got(200, None)
    assert local("GET", "/v2/flowControl/crm").json["isPaused"] is False
    assert len(local.engine.claiming.claim(10)) == 1


def test_what_is_pinned_stays_against_later_messages(local: Local) -> None:
    publish(local)
    assert local("POST", "/v2/flowControl/crm/pin?parallelism=3&rate=20&period=120") == Got(200, None)
    publish(local, "parallelism=7")
    flow = local("GET", "/v2/flowControl/crm").json
    assert (flow["parallelismMax"], flow["rateMax"], flow["ratePeriod"]) == (3, 20, 120)
    assert (flow["isPinnedParallelism"], flow["isPinnedRate"]) == (True, True)
    assert local("POST", "/v2/flowControl/crm/unpin?parallelism=true") == Got(200, None)
    flow = local("GET", "/v2/flowControl/crm").json
    assert (flow["isPinnedParallelism"], flow["isPinnedRate"]) == (False, True)
    publish(local, "parallelism=7")
    flow = local("GET", "/v2/flowControl/crm").json
    assert (flow["parallelismMax"], flow["rateMax"]) == (7, 20)


@pytest.mark.parametrize("call", ["resetRate", "reset"])
def test_the_rate_starts_anew(local: Local, call: str) -> None:
    publish(local)
    local.deliver()
    assert local("GET", "/v2/flowControl/crm").json["rateCount"] == 1
    assert local("POST", f"/v2/flowControl/crm/{call}") == Got(200, None)
    assert local("GET", "/v2/flowControl/crm").json["rateCount"] == 0


@pytest.mark.parametrize("query", ["parallelism=0", "rate=x", "period=8d", "parallelism=-1"])
def test_what_cannot_be_pinned_is_400(local: Local, query: str) -> None:
    publish(local)
    assert local("POST", f"/v2/flowControl/crm/pin?{query}").status == 400


def test_a_flag_that_is_none_is_400(local: Local) -> None:
    publish(local)
    assert local("POST", "/v2/flowControl/crm/unpin?rate=yes").status == 400


def test_an_unknown_key_is_404(local: Local) -> None:
    assert local("GET", "/v2/flowControl/nobody").status == 404


def test_rotation_moves_the_next_key_up(local: Local) -> None:
    status, rotated = local("POST", "/v2/keys/rotate")
    assert (status, rotated["current"]) == (200, NEXT)
    assert rotated["next"].startswith("sig_")
    assert rotated["next"] not in (CURRENT, NEXT)
    assert local("GET", "/v2/keys") == Got(200, rotated)
