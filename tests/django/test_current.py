"""``current_delivery`` in Django: in threads for plain code, in streams of both kinds, and gone after the view."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.urls import path

from qstash_integrations import current_delivery
from qstash_integrations.django import verify_qstash
from qstash_integrations.once import MemoryStore
from tests.contract.harnesses import current
from tests.django.shop import OPTIONS, URL, Host, request_to


def signed_for() -> str:
    return current_delivery().claims.sub


async def signed_for_later() -> str:
    return signed_for()


def plain(request: Any) -> HttpResponse:
    return HttpResponse(signed_for())


def plain_that_awaits(request: Any) -> HttpResponse:
    return HttpResponse(async_to_sync(signed_for_later)())


async def with_a_thread(request: Any) -> HttpResponse:
    return HttpResponse(await sync_to_async(signed_for)() + await sync_to_async(signed_for, thread_sensitive=False)())


def parts() -> Iterator[str]:
    yield signed_for()


async def parts_later() -> AsyncIterator[str]:
    yield signed_for()


def streamed(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts())


async def streamed_later(request: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts_later())


VIEWS = {
    "plain": (plain, 1),
    "plain that awaits": (plain_that_awaits, 1),
    "async with threads": (with_a_thread, 2),
    "a stream": (streamed, 1),
    "an async stream": (streamed_later, 1),
}


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
@pytest.mark.parametrize("once", [False, True], ids=["", "once"])
@pytest.mark.parametrize(("view", "times"), VIEWS.values(), ids=VIEWS)
def test_all_that_runs_for_a_view_finds_it(host: Host, view: Callable[..., Any], times: int, once: bool) -> None:
    verify = verify_qstash(**OPTIONS, **({"once": MemoryStore()} if once else {}))
    assert host(path("hooks/ship", verify(view)))(request_to()).body == URL.encode() * times
    assert current() is None


def test_a_file_is_handed_to_the_server_as_it_is() -> None:
    @verify_qstash(**OPTIONS)
    def label(request: Any) -> FileResponse:
        return FileResponse(open(__file__, "rb"))

    headers: Any = dict(request_to().headers)
    response = label(RequestFactory().post("/hooks/ship", b"", headers=headers, content_type="text/plain"))
    assert response.file_to_stream is not None
    response.close()
