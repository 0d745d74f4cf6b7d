"""What error trackers see of a request: of our frames, and of what they hold, nothing that is secret.

With the real sentry-sdk, which sends the locals of every frame of a traceback and walks through what they hold.
"""

from collections.abc import Callable

import pytest

from qstash_integrations.once import MemoryStore
from tests.contract.harnesses import Shop
from tests.contract.test_handlers import raising
from tests.sentry import ours, report

BODY = b'{"card":"4000-0000-0000-0002"}'


@pytest.mark.parametrize(
    ("chunks", "once"), [([BODY], False), ([BODY[:7], BODY[7:]], True)], ids=["whole", "chunks, once"]
)
def test_S06_no_frame_of_ours_shows_token_body_or_key_when_a_handler_raises(
    open_shop: Callable[..., Shop], chunks: list[bytes], once: bool
) -> None:
    shop = open_shop(raising(LookupError("no such order")), **({"once": MemoryStore()} if once else {}))
    with pytest.raises(LookupError) as caught:
        shop.send(chunks)
    shown = ours(report(caught.value))
    assert shown.count('"function"') > 1
    assert [secret for secret in shop.secrets if secret in shown] == []
    assert "4000-0000" not in shown


def test_S06_nor_when_a_setting_is_missing(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(receiver=None)
    with pytest.raises(ValueError, match="QSTASH_CURRENT_SIGNING_KEY is not set") as caught:
        shop.send(BODY)
    shown = ours(report(caught.value))
    assert [secret for secret in shop.secrets if secret in shown] == []
    assert "4000-0000" not in shown
