"""Whoever mocks httpx mocks the publisher, whatever else is installed: nothing of a mocked test reaches QStash.

``httpx2`` is installed beside these tests where it can be, and changes nothing.
"""

import httpx
import pytest
import respx

from tests.publish.clients import MakeClient
from tests.publish.libraries import LIBRARIES
from tests.publish.loopback import URL

NOBODY = "http://127.0.0.1:9"
PUBLISH = f"{NOBODY}/v2/publish/{URL}"
RECEIPT = {"messageId": "msg_mocked"}


def test_respx_sees_what_is_published(make_client: MakeClient) -> None:
    with respx.mock:
        route = respx.post(PUBLISH).mock(httpx.Response(201, json=RECEIPT))
        assert make_client(base_url=NOBODY)("publish", url=URL, body="hi").message_id == "msg_mocked"
    assert [call.request.content for call in route.calls] == [b"hi"]


def test_what_wraps_the_transport_of_httpx_sees_it(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the instrumentation of OpenTelemetry does it."""
    seen: list[str] = []

    def answer(transport: object, request: httpx.Request) -> httpx.Response:
        seen.append(str(request.url))
        return httpx.Response(201, json=RECEIPT)

    async def answer_later(transport: object, request: httpx.Request) -> httpx.Response:
        return answer(transport, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", answer_later)
    make_client(base_url=NOBODY)("publish", url=URL)
    assert seen == [PUBLISH]
    assert all(library.HTTPTransport is not httpx.HTTPTransport for library in LIBRARIES[1:])
