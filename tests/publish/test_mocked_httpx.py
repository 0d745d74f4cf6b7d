"""Whoever mocks httpx mocks the publisher, whatever else is installed: nothing of a mocked test reaches QStash.

``httpx2`` is installed beside these tests, and changes nothing.
"""

import httpx
import httpx2
import pytest
import respx
from pytest_httpx import HTTPXMock

from tests.publish.clients import MakeClient
from tests.publish.loopback import URL

NOBODY = "http://127.0.0.1:9"
PUBLISH = f"{NOBODY}/v2/publish/{URL}"
RECEIPT = {"messageId": "msg_mocked"}


def test_respx_sees_what_is_published(make_client: MakeClient) -> None:
    with respx.mock:
        route = respx.post(PUBLISH).mock(httpx.Response(201, json=RECEIPT))
        assert make_client(base_url=NOBODY)("publish", url=URL, body="hi").message_id == "msg_mocked"
    assert [call.request.content for call in route.calls] == [b"hi"]


def test_pytest_httpx_sees_what_is_published(make_client: MakeClient, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(method="POST", url=PUBLISH, status_code=201, json=RECEIPT)
    assert make_client(base_url=NOBODY)("publish", url=URL, body="hi").message_id == "msg_mocked"
    assert [request.content for request in httpx_mock.get_requests()] == [b"hi"]


def test_errors_that_a_mock_raises_are_understood(make_client: MakeClient, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_exception(httpx.ConnectTimeout("took too long"))
    httpx_mock.add_response(json=RECEIPT)
    client = make_client(base_url=NOBODY)
    assert client("publish", url=URL).message_id == "msg_mocked"
    assert len(client.slept) == 1


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
    assert httpx2.HTTPTransport is not httpx.HTTPTransport
