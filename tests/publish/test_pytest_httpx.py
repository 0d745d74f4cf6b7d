"""As ``test_mocked_httpx.py``, with pytest-httpx, which wants one version of httpx: not in the environment 'lowest'."""

import httpx
from pytest_httpx import HTTPXMock

from tests.publish.clients import MakeClient
from tests.publish.loopback import URL
from tests.publish.test_mocked_httpx import NOBODY, PUBLISH, RECEIPT


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
