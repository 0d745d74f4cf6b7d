"""Who is let in: the token's owner, and no page of another origin that runs on this machine."""

import pytest

from qstash_integrations.server.api import LOCAL_NAMES, Access

TOKEN = "eyJhIjoiYiJ9="
ACCESS = Access(TOKEN, LOCAL_NAMES)
GOOD = {"host": "127.0.0.1:8080", "authorization": f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        (GOOD, ""),
        ({**GOOD, "host": "localhost:8080"}, ""),
        ({**GOOD, "host": "LOCALHOST"}, ""),
        ({**GOOD, "host": "[::1]:8080"}, ""),
        ({**GOOD, "host": "[::1]"}, ""),
        ({**GOOD, "authorization": f"bearer   {TOKEN}"}, ""),
        ({**GOOD, "origin": "http://127.0.0.1:8080", "sec-fetch-site": "same-origin"}, ""),
        ({**GOOD, "sec-fetch-site": "none"}, ""),
        ({"host": "localhost"}, "a=1&qstash_token=eyJhIjoiYiJ9%3D"),
        ({"host": "localhost"}, "qstash_token=eyJhIjoiYiJ9="),
        ({"host": "localhost", "authorization": "Basic eA=="}, "qstash_token=eyJhIjoiYiJ9="),
    ],
)
def test_the_owner_of_the_token_is_let_in(headers: dict[str, str], query: str) -> None:
    assert ACCESS.refusal(headers, query) is None


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"host": "localhost"}, ""),
        ({**GOOD, "authorization": ""}, ""),
        ({**GOOD, "authorization": "Bearer"}, ""),
        ({**GOOD, "authorization": "Bearer "}, ""),
        ({**GOOD, "authorization": TOKEN}, ""),
        ({**GOOD, "authorization": "Bearer eyJhIjoiYiJ9"}, ""),
        ({**GOOD, "authorization": f"Bearer {TOKEN}, Bearer {TOKEN}"}, ""),
        ({**GOOD, "authorization": "Bearer \xff\ud800"}, ""),
        ({**GOOD, "authorization": "Bearer wrong"}, f"qstash_token={TOKEN}"),
        ({"host": "localhost"}, "qstash_token="),
        ({"host": "localhost"}, f"token={TOKEN}"),
    ],
)
def test_everybody_else_gets_401(headers: dict[str, str], query: str) -> None:
    assert ACCESS.refusal(headers, query) == (401, "unable to authenticate: invalid token")


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost, localhost", "[::1", "::1"]
)
def test_a_name_that_was_made_to_point_here_is_turned_away_before_the_token(host: str) -> None:
    assert ACCESS.refusal({"host": host}, "") == (421, "this server is not addressed by that Host")


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost:3000"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "anything"},
    ],
    ids=str,
)
def test_a_page_of_another_origin_is_turned_away_even_with_the_token(headers: dict[str, str]) -> None:
    refusal = ACCESS.refusal({**GOOD, **headers}, "")
    assert refusal is not None
    assert refusal.status == 403


# A page that a browser has found under one of these names before, wherever it led then.
BROWSERS = [
    {"origin": "http://host.docker.internal:8080"}, {"origin": "null"}, {"origin": ""}, {"sec-fetch-site": "none"},
    {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}, {"sec-fetch-mode": "navigate"},
    {"sec-fetch-dest": "document"}, {"sec-fetch-dest": "empty", "sec-fetch-mode": "cors"}, {"sec-fetch-user": "?1"},
    {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}, {"sec-fetch-storage-access": "active"},
]  # fmt: skip


@pytest.mark.parametrize("name", ["host.docker.internal", "devbox"])
@pytest.mark.parametrize("said", BROWSERS, ids=str)
def test_S13_browsers_come_by_no_name_that_may_lead_elsewhere(name: str, said: dict[str, str]) -> None:
    access = Access(TOKEN, LOCAL_NAMES | {"devbox"})
    headers = {**GOOD, "host": f"{name}:8080", **said}
    expected = (403, f"requests of browsers to {name} are refused; use the address of the server")
    assert access.refusal(headers, "") == expected
    assert access.page_refusal(headers) == expected
    assert access.exchange(headers) == expected


@pytest.mark.parametrize("name", ["host.docker.internal.", "host.containers.internal", "host.lima.internal"])
def test_other_names_for_containers_lead_nowhere(name: str) -> None:
    assert ACCESS.refusal({**GOOD, "host": name}, "") == (421, "this server is not addressed by that Host")


@pytest.mark.parametrize("said", [{}, {"sec-fetch-mode": "cors"}], ids=["curl", "Node"])
def test_a_container_comes_by_its_name(said: dict[str, str]) -> None:
    assert ACCESS.refusal({**GOOD, "host": "host.docker.internal:8080", **said}, "") is None


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.2", "[::1]:8080", "app.localhost:8080"])
def test_browsers_come_by_what_is_this_machine(host: str) -> None:
    access = Access(TOKEN, LOCAL_NAMES | {"127.0.0.2", "app.localhost"})
    headers = {**GOOD, "host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert access.refusal(headers, "") is None


def test_beyond_loopback_the_token_alone_decides() -> None:
    access = Access(TOKEN, None)
    assert access.refusal({**GOOD, "host": "qstash.internal:8080"}, "") is None
    assert access.refusal({"host": "qstash.internal:8080"}, "") == (401, "unable to authenticate: invalid token")


def test_the_token_is_not_printed() -> None:
    assert TOKEN not in repr(ACCESS)
