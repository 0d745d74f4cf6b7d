"""URL groups, which the API calls topics."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.server.local import Got, Local
from tests.signing import NOW

A = {"url": "https://a.example", "name": "a"}
B = {"url": "https://b.example"}


@pytest.fixture
def local() -> Iterator[Local]:
    server = Local()
    yield server
    server.store.close()


def test_endpoints_are_added_in_order_and_kept(local: Local) -> None:
    assert local("POST", "/v2/topics/signups/endpoints", {"endpoints": [A]}) == Got(200, None)
    local.now += 5
    assert local("POST", "/v2/topics/signups/endpoints", {"endpoints": [B]}) == Got(200, None)
    group = {"name": "signups", "createdAt": NOW * 1000, "updatedAt": (NOW + 5) * 1000, "endpoints": [A, B]}
    assert local("GET", "/v2/topics/signups") == Got(200, group)
    assert local("GET", "/v2/topics") == Got(200, [group])


@pytest.mark.parametrize("removed", [{"url": "https://a.example"}, {"name": "a"}], ids=str)
def test_an_endpoint_is_removed_by_url_or_name(local: Local, removed: dict[str, str]) -> None:
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [A, B]})
    assert local("DELETE", "/v2/topics/g/endpoints", {"endpoints": [removed]}) == Got(200, None)
    assert local("GET", "/v2/topics/g").json["endpoints"] == [B]


def test_a_group_goes_with_its_last_endpoint(local: Local) -> None:
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [A]})
    local("DELETE", "/v2/topics/g/endpoints", {"endpoints": [A]})
    assert local("GET", "/v2/topics/g").status == 404
    assert local("GET", "/v2/topics/").json == []


def test_a_group_is_deleted_even_when_there_is_none(local: Local) -> None:
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [A]})
    assert local("DELETE", "/v2/topics/g") == Got(200, None)
    assert local("DELETE", "/v2/topics/g") == Got(200, None)
    assert local("GET", "/v2/topics").json == []


def test_default_headers_apply_to_what_is_published_to_the_group(local: Local) -> None:
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [A]})
    headers = {"Upstash-Retries": "2", "Upstash-Forward-X": ["1"]}
    assert local("PATCH", "/v2/topics/g", {"headers": headers}) == Got(200, None)
    (receipt,) = local("POST", "/v2/publish/g").json
    message = local("GET", f"/v2/messages/{receipt['messageId']}").json
    assert (message["maxRetries"], message["header"]) == (2, {"X": ["1"]})


NO_ENDPOINTS: list[Any] = [
    {}, {"endpoints": []}, {"endpoints": {}}, {"endpoints": ["https://a.example"]}, {"endpoints": [{}]},
    {"endpoints": [{"url": 1}]}, {"endpoints": [{"url": "a.example"}]}, {"endpoints": [{"url": "", "name": None}]},
    {"endpoints": [{"url": "https://a.example", "name": 1}]}, {"endpoints": [None]},
]  # fmt: skip


@pytest.mark.parametrize("body", NO_ENDPOINTS, ids=str)
def test_what_makes_no_endpoint_is_400(local: Local, body: object) -> None:
    status, answer = local("POST", "/v2/topics/g/endpoints", body)
    assert (status, list(answer)) == (400, ["error"])


@pytest.mark.parametrize("body", [{}, {"headers": []}, {"headers": {"X": 1}}, {"headers": {"X": [None]}}], ids=str)
def test_what_makes_no_default_headers_is_400(local: Local, body: object) -> None:
    local("POST", "/v2/topics/g/endpoints", {"endpoints": [A]})
    assert local("PATCH", "/v2/topics/g", body).status == 400


def test_a_name_that_no_group_may_have_is_400(local: Local) -> None:
    assert local("POST", "/v2/topics/a%20b/endpoints", {"endpoints": [A]}).status == 400
