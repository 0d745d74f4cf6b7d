"""A stream that is work: its turn ends with its last part, and what breaks off shows no part of it."""

from collections.abc import AsyncIterator, Iterator

import anyio
import pytest

from qstash_integrations._core.receiving.once import Turn
from qstash_integrations._core.receiving.to_the_end import AsyncToTheEnd, ToTheEnd
from tests.core.test_once import delivery
from tests.sentry import ours, report

ANSWER = b"the balance is 4000"


def broken() -> Iterator[bytes]:
    yield ANSWER
    raise LookupError("no such order")


async def broken_later() -> AsyncIterator[bytes]:
    for part in broken():
        yield part


async def read_later() -> None:
    async for part in AsyncToTheEnd(broken_later(), Turn(delivery()), 200):
        assert part == ANSWER


def read() -> None:
    assert list(ToTheEnd(broken(), Turn(delivery()), 200)) == [ANSWER]


@pytest.mark.parametrize("read", [read, lambda: anyio.run(read_later)], ids=["WSGI", "ASGI"])
def test_S06_no_part_of_a_stream_that_breaks_off_shows_in_our_frames(read: object) -> None:
    assert callable(read)
    with pytest.raises(LookupError) as caught:
        read()
    shown = ours(report(caught.value))
    assert '"function"' in shown
    assert ANSWER.decode() not in shown
