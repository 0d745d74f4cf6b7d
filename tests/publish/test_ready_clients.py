"""A ready HTTP client of httpx or httpx2: used as it is, but for the token, the redirects and its closing."""

import gzip
from typing import Any

import pytest

import qstash_integrations
from qstash_integrations import AsyncQStash, ConfigurationError, QStash, TransportError
from tests.publish.clients import MAKERS, MakeClient, SyncClient
from tests.publish.libraries import LIBRARIES, NAMES
from tests.publish.loopback import TOKEN, URL, loopback

KINDS = pytest.mark.parametrize("kind", [QStash, AsyncQStash], ids=["QStash", "AsyncQStash"])


def test_a_ready_client_stays_open() -> None:
    library = LIBRARIES[0]
    with loopback() as qstash, library.Client() as http:
        with QStash(TOKEN, base_url=qstash.url, http_client=http) as client:
            client.publish(url=URL)
        assert not http.is_closed
        assert http.get(qstash.url).status_code == 201


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
def test_the_wrong_kind_of_ready_client_is_refused(library: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        QStash(TOKEN, http_client=library.AsyncClient())
    expected = "http_client is of AsyncClient, but QStash takes a Client and AsyncQStash an AsyncClient"
    assert str(caught.value) == expected
    with (
        library.Client() as http,
        pytest.raises(ConfigurationError, match=r"^http_client is of Client, but QStash takes"),
    ):
        AsyncQStash(TOKEN, http_client=http)


@KINDS
def test_a_ready_client_is_of_httpx_or_httpx2(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"^http_client must be a client of httpx or httpx2, not object$"):
        kind(TOKEN, http_client=object())


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
def test_the_exceptions_of_a_ready_client_are_understood(library: Any) -> None:
    def fail(request: Any) -> Any:
        raise library.ConnectTimeout("took too long")

    with library.Client(transport=library.MockTransport(fail)) as http:
        client = SyncClient(TOKEN, http_client=http, retry={"retries": 1})
        with pytest.raises(TransportError, match=r"after 2 tries: ConnectTimeout: took too long$"):
            client.publish(url=URL)
    assert len(client.slept) == 1


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
def test_a_broken_protocol_is_not_tried_again_and_quotes_nothing(library: Any) -> None:
    tries: list[Any] = []

    def fail(request: Any) -> Any:
        tries.append(request)
        raise library.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'")

    with (
        library.Client(transport=library.MockTransport(fail)) as http,
        pytest.raises(TransportError, match=r"^no answer from https://qstash\.upstash\.io: LocalProtocolError$"),
    ):
        QStash(TOKEN, http_client=http).publish(url=URL)
    assert len(tries) == 1


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
def test_redirects_are_not_followed_even_by_a_client_that_would(library: Any) -> None:
    tries: list[Any] = []

    def redirect(request: Any) -> Any:
        tries.append(request)
        return library.Response(307, headers={"Location": "https://evil.example/"})

    with (
        library.Client(transport=library.MockTransport(redirect), follow_redirects=True) as http,
        pytest.raises(qstash_integrations.APIError, match=r"^QStash answered 307: no reason given$"),
    ):
        QStash(TOKEN, http_client=http).publish(url=URL)
    assert len(tries) == 1


@pytest.mark.system
@pytest.mark.parametrize("make_client", [MAKERS["QStash"], MAKERS["AsyncQStash"]], ids=["sync", "async"])
def test_an_answer_without_end_is_cut_off(make_client: MakeClient) -> None:
    mebibyte = b" " * 2**20
    packed = gzip.compress(mebibyte * 257)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    with loopback(head + packed) as qstash:
        client = make_client(base_url=qstash.url)
        with pytest.raises(TransportError, match="an answer of more than 268435456 bytes"):
            client("publish", url=URL)
    assert (len(qstash.sent), client.slept) == (1, [])
