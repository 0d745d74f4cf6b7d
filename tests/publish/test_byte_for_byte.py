"""What is accepted as a destination is on the wire byte for byte: QStash signs what arrives."""

import asyncio
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qstash_integrations import AsyncQStash, QStash
from qstash_integrations._core.publishing.inputs import check_url
from tests.publish.libraries import LIBRARIES, NAMES
from tests.publish.loopback import TOKEN, URL, loopback
from tests.publish.test_destinations import GOOD

CHARACTERS = string.ascii_letters + string.digits + "-._~:/?[]@!$&'()*+,;=|^%{}<>\"\\`# \xe9"
TAILS = st.text(CHARACTERS, max_size=30) | st.lists(
    st.sampled_from(["%41", "%c3%a9", "%2F", "//", "?", "&", "=", "a", "[", "]", "|", "^", "'", ":", "..", "%25"]),
    max_size=15,
).map("".join)


def answering(library: Any, seen: list[bytes]) -> Any:
    def answer(request: Any) -> Any:
        seen.append(request.url.raw_path)
        return library.Response(201, json={"messageId": "msg_1"})

    return library.MockTransport(answer)


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
@given(tail=TAILS)
def test_an_accepted_url_is_sent_unchanged(library: Any, tail: str) -> None:
    url = "https://api.example.com" + tail
    try:
        check_url(url, "url")
    except ValueError:
        return
    seen: list[bytes] = []
    with library.Client(transport=answering(library, seen)) as http:
        QStash(TOKEN, http_client=http).publish(url=url)
    assert seen == [b"/v2/publish/" + url.encode("ascii")]


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
@pytest.mark.parametrize("url", GOOD.values(), ids=GOOD)
def test_the_request_line_holds_the_url_as_given(library: Any, url: str) -> None:
    async def publish(base_url: str) -> None:
        async with library.AsyncClient() as http:
            await AsyncQStash(TOKEN, base_url=base_url, http_client=http).publish(url=url)

    with loopback() as qstash, library.Client() as http:
        QStash(TOKEN, base_url=qstash.url, http_client=http).publish(url=url)
        asyncio.run(publish(qstash.url))
    assert [request.target for request in qstash.sent] == [f"/v2/publish/{url}"] * 2


def test_the_request_line_of_its_own_client_too() -> None:
    with loopback() as qstash, QStash(TOKEN, base_url=qstash.url + "/proxied") as client:
        for url in GOOD.values():
            client.publish(url=url)
    assert [request.target for request in qstash.sent] == [f"/proxied/v2/publish/{url}" for url in GOOD.values()]


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
def test_an_address_that_the_library_would_tidy_up_is_refused(library: Any) -> None:
    seen: list[bytes] = []
    with library.Client(transport=answering(library, seen)) as http:
        client = QStash(TOKEN, base_url="https://proxy.example/a/..", http_client=http)
        with pytest.raises(
            ValueError, match=r"^the HTTP library would change the path of this API call: check QSTASH_URL"
        ):
            client.publish(url=URL)
    assert seen == []


def test_the_headers_and_the_body_are_as_given() -> None:
    with loopback() as qstash, QStash(TOKEN, base_url=qstash.url) as client:
        client.publish(url=URL, body=bytes(range(256)), headers={"X-Name": "J\xfcrgen"}, deduplication_id="one")
    [sent] = qstash.sent
    ours = {
        name: value for name, value in sent.headers.items() if name not in ("accept", "accept-encoding", "connection")
    }
    assert (sent.method, sent.body) == ("POST", bytes(range(256)))
    assert ours == {
        "host": qstash.url.removeprefix("http://"),
        "authorization": f"Bearer {TOKEN}",
        "user-agent": "qstash_integrations",
        "upstash-forward-x-name": "J\xfcrgen",
        "upstash-deduplication-id": "one",
        "content-length": "256",
    }


@pytest.mark.parametrize("library", LIBRARIES, ids=NAMES)
def test_a_ready_clients_own_credentials_do_not_replace_the_token(library: Any) -> None:
    with (
        loopback() as qstash,
        library.Client(auth=("me", "mine"), headers={"Authorization": "Basic x", "X-Mine": "1"}) as http,
    ):
        QStash(TOKEN, base_url=qstash.url, http_client=http).publish(url=URL)
    assert qstash.sent[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert qstash.sent[0].headers["x-mine"] == "1"
