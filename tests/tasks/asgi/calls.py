"""A call that was published, as QStash delivers it: to tests that stand at both ends."""

from typing import Any

from qstash_integrations import Receiver
from qstash_integrations._core.publishing.client import APIRequest
from tests.hosts import Request
from tests.signing import CURRENT, NEXT, NOW, ORIGIN, signed

RECEIVER = Receiver(CURRENT, NEXT, now=lambda: NOW)
PUBLISH = "https://qstash.upstash.io/v2/publish/"
TASKS = "/qstash/tasks"


def url_of(published: APIRequest) -> str:
    assert published.url.startswith(PUBLISH)
    return published.url.removeprefix(PUBLISH)


def delivered(published: APIRequest, **changes: Any) -> Request:
    """The request that QStash makes of it."""
    body = published.body or b""
    return request(url_of(published), body, **changes)


def request(
    url: str,
    body: bytes = b"{}",
    *,
    token: str | None = None,
    signed_url: str | None = None,
    signed_body: bytes | None = None,
    message_id: str = "msg_1",
    method: str = "POST",
    **claims: Any,
) -> Request:
    """A request to a URL of the app, signed for that and its own body unless told otherwise; with "" for no token."""
    if token is None:
        token = signed(body if signed_body is None else signed_body, signed_url or url, **claims)
    signature = [("Upstash-Signature", token)] if token else []
    headers = [*signature, ("Upstash-Message-Id", message_id), ("Content-Type", "application/json")]
    return Request(url.removeprefix(ORIGIN), headers, body, method=method)


def call_url(
    name: str, query: str = "id=0123456789abcdef0123456789abcdef&at=1800000000000&of=3", path: str = TASKS
) -> str:
    """The URL of a call, as one may be published."""
    return f"{ORIGIN}{path}/{name}?{query}"
