"""The documented users beside the first: each with a QStash of their own, at the same address."""

import queue
from pathlib import Path

import httpx
import pytest

from qstash_integrations import Receiver
from qstash_integrations.server.app import LocalServer, ServerConfig, running
from qstash_integrations.server.attempt import Attempt
from tests.server.destination import SOON, destination

USERS = {
    "testUser1": (
        "eyJVc2VySUQiOiJ0ZXN0VXNlcjEiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
        "sig_7GVPjvuwsfqF65iC8fSrs1dfYruM",
        "sig_5NoELc3EFnZn4DVS5bDs2Nk4b7Ua",
    ),
    "testUser2": (
        "eyJVc2VySUQiOiJ0ZXN0VXNlcjIiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
        "sig_6jWGaWRxHsw4vMSPJprXadyvrybF",
        "sig_7qHbvhmahe5GwfePDiS5Lg3pi6Qx",
    ),
    "testUser3": (
        "eyJVc2VySUQiOiJ0ZXN0VXNlcjMiLCJQYXNzd29yZCI6InRlc3RQYXNzd29yZCJ9",
        "sig_5T8FcSsynBjn9mMLBsXhpacRovJf",
        "sig_7GFR4YaDshFcqsxWRZpRB161jguD",
    ),
}


def api_of(server: LocalServer, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=SOON
    )


@pytest.mark.parametrize("user", USERS)
def test_a_user_has_the_documented_keys(server: LocalServer, user: str) -> None:
    token, current, following = USERS[user]
    with api_of(server, token) as api:
        assert api.get("/v2/keys").json() == {"current": current, "next": following}
    assert httpx.get(f"{server.url}/v2/keys?qstash_token={token}").json()["current"] == current


def test_what_a_user_publishes_is_delivered_and_signed_with_their_key(
    server: LocalServer, attempts: queue.SimpleQueue[Attempt]
) -> None:
    token, current, following = USERS["testUser2"]
    with destination() as there, api_of(server, token) as api:
        message_id = api.post(f"/v2/publish/{there.url}/x", content=b"hi").json()["messageId"]
        got = there.next()
        Receiver(current, following, allow_dev_keys=True).verify(
            signature=got.header("Upstash-Signature"), body=got.body, url=f"{there.url}/x"
        )
        assert attempts.get(timeout=SOON).message.id == message_id


def test_users_see_nothing_of_each_other(server: LocalServer) -> None:
    with api_of(server, server.token) as first, api_of(server, USERS["testUser1"][0]) as other:
        for api, name in ((first, "first"), (other, "other")):
            api.post("/v2/queues", json={"queueName": name, "parallelism": 1})
        message = first.post("/v2/publish/http://127.0.0.1:9/x", headers={"Upstash-Delay": "1h"}).json()["messageId"]
        assert [queue["name"] for queue in first.get("/v2/queues").json()] == ["first"]
        assert [queue["name"] for queue in other.get("/v2/queues").json()] == ["other"]
        assert other.get(f"/v2/messages/{message}").status_code == 404
        assert other.get("/v2/events").json() == {"events": []}
        rotated = other.post("/v2/keys/rotate").json()
        assert first.get("/v2/keys").json() != rotated


@pytest.mark.parametrize("given", ["x", USERS["testUser1"][0] + "=", f"{USERS['testUser1'][0]}, x"])
def test_nobody_elses_token_is_one(server: LocalServer, given: str) -> None:
    with api_of(server, given) as api:
        assert api.get("/v2/keys").status_code == 401


def test_a_token_that_comes_twice_is_none(server: LocalServer) -> None:
    token = USERS["testUser1"][0]
    twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
    assert httpx.get(f"{server.url}/v2/keys", headers=twice).status_code == 401


def test_users_are_held_to_host_and_origin_like_everybody(server: LocalServer) -> None:
    with api_of(server, USERS["testUser3"][0]) as api:
        assert api.get("/v2/keys", headers={"Host": "evil.example"}).status_code == 421
        assert api.get("/v2/keys", headers={"Origin": "http://localhost:3000"}).status_code == 403


def test_where_others_reach_the_server_there_are_none() -> None:
    with running(ServerConfig(host="0.0.0.0", port=0)) as server:
        for token, _, _ in USERS.values():
            with api_of(server, token) as api:
                assert api.get("/v2/keys").status_code == 401


def test_the_file_is_the_first_users(tmp_path: Path) -> None:
    config = ServerConfig(port=0, db=tmp_path / "qstash.db")
    for _ in range(2):
        with running(config) as server, api_of(server, USERS["testUser1"][0]) as api:
            assert api.get("/v2/queues").json() == []
            api.post("/v2/queues", json={"queueName": "mail", "parallelism": 1})
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"qstash.db"}
