"""Which route a raw path is for, and what of it is the destination."""

import pytest

from qstash_integrations.server.api.publishing import split_destination
from qstash_integrations.server.api.routes import ROUTES
from qstash_integrations.server.api.routing import Match, find


@pytest.mark.parametrize(
    ("method", "path", "pattern", "places"),
    [
        ("POST", "/v2/publish/https://a.example/x", "publish/{*destination}", {"destination": "https://a.example/x"}),
        ("POST", "/v2/publish/https://a.example//x/", "publish/{*destination}",
         {"destination": "https://a.example//x/"}),
        ("POST", "/v2/publish/https%3A%2F%2Fa.example", "publish/{*destination}",
         {"destination": "https%3A%2F%2Fa.example"}),
        ("POST", "/v2/publish/https://a.example/%41/../b", "publish/{*destination}",
         {"destination": "https://a.example/%41/../b"}),
        ("POST", "/V2/Publish/group", "publish/{*destination}", {"destination": "group"}),
        ("POST", "/v2/publish/", "publish/{*destination}", {"destination": ""}),
        ("POST", "/v2/publish", "publish/{*destination}", {"destination": ""}),
        ("POST", "/v2/enqueue/mail/https://a.example", "enqueue/{queue}/{*destination}",
         {"queue": "mail", "destination": "https://a.example"}),
        ("POST", "/v2/enqueue/a%20b/g", "enqueue/{queue}/{*destination}", {"queue": "a b", "destination": "g"}),
        ("POST", "/v2/Schedules/https://a.example/pause", "schedules/{*destination}",
         {"destination": "https://a.example/pause"}),
        ("POST", "/v2/schedules/nightly/pause", "schedules/{id}/pause", {"id": "nightly"}),
        ("PATCH", "/v2/schedules/nightly/resume", "schedules/{id}/resume", {"id": "nightly"}),
        ("GET", "/v2/Schedules/nightly", "schedules/{id}", {"id": "nightly"}),
        ("DELETE", "/v2/messages/", "messages", {}),
        ("GET", "/v2/queues/", "queues", {}),
        ("GET", "/v2/FLOWCONTROL/a%2Fb", "flowControl/{key}", {"key": "a/b"}),
        ("GET", "/v2/flowcontrol/100%25", "flowControl/{key}", {"key": "100%"}),
        ("POST", "/v2/dlq/retry", "dlq/retry", {}),
        ("POST", "/v2/dlq/retry/1-1", "dlq/retry/{id}", {"id": "1-1"}),
        ("POST", "/v2/topics/g/endpoints/", "topics/{name}/endpoints", {"name": "g"}),
    ],
)  # fmt: skip
def test_a_path_finds_its_route(method: str, path: str, pattern: str, places: dict[str, str]) -> None:
    found = find(ROUTES, method, path)
    assert isinstance(found, Match)
    assert (found.route.pattern, found.path) == (pattern, places)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v2/publish/https://a.example", ("POST",)),
        ("PUT", "/v2/queues", ("POST", "GET")),
        ("POST", "/v2/messages/msg_1", ("GET", "DELETE")),
        ("GET", "/v2/keys/rotate", ("POST",)),
        ("GET", "/v2/nothing", ()),
        ("GET", "/v2/", ()),
        ("GET", "/v2", ()),
        ("GET", "/", ()),
        ("GET", "//v2/keys", ()),
        ("GET", "/v1/keys", ()),
        ("GET", "/v2/keys/x/y", ()),
        ("POST", "/v2/queues//pause", ()),
        ("GET", "/v2//keys", ()),
    ],
)
def test_a_path_or_method_that_there_is_not_finds_none(method: str, path: str, allowed: tuple[str, ...]) -> None:
    assert find(ROUTES, method, path) == allowed


@pytest.mark.parametrize(
    ("path", "query", "destination", "options"),
    [
        ("https://a.example/x", "p=1&q=%41+b", "https://a.example/x?p=1&q=%41+b", ()),
        ("https://a.example", "", "https://a.example", ()),
        ("https://a.example", "a=1&qstash_token=secret&b", "https://a.example?a=1&b", ()),
        ("https://a.example", "QStash_Token=secret", "https://a.example", ()),
        ("https://a.example", "upstash-delay=90s&x=1&Upstash-Retries=2", "https://a.example?x=1",
         (("upstash-delay", "90s"), ("Upstash-Retries", "2"))),
        ("https://a.example", "upstash-forward-x-a=b%20c+d", "https://a.example", (("upstash-forward-x-a", "b c d"),)),
        ("https://a.example", "upstash-label=%C3%A9", "https://a.example", (("upstash-label", "é"),)),
        ("https://a.example", "upstash%2Ddelay=1s", "https://a.example", (("upstash-delay", "1s"),)),
        ("https://a.example", "a&&b=", "https://a.example?a&&b=", ()),
        ("group", "x=1", "group", ()),
    ],
)  # fmt: skip
def test_the_query_belongs_to_the_destination_but_for_token_and_options(
    path: str, query: str, destination: str, options: tuple[tuple[str, str], ...]
) -> None:
    assert split_destination(path, query) == (destination, options)
