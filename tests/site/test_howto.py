"""What the pages about handlers, publishing and verifying say is what happens."""

from collections.abc import Generator
from pathlib import Path

import pytest

from qstash_integrations import ConfigurationError, NonRetryable, RetryAfter, SignatureError
from qstash_integrations._core.publishing.client import override_transport
from qstash_integrations._core.settings.environment import override_settings
from tests.readme import blocks
from tests.sent import Sent
from tests.signing import signed
from tests.site.pages import DOCS
from tests.site.serving import run
from tests.site.test_pages import SETTINGS

API = "https://qstash.upstash.io/v2/"
BODY = b'{"id": 3}'


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Generator[Sent]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    with override_settings(), override_transport(sent := Sent()):
        yield sent


def python(page: str) -> list[str]:
    return [block.code for block in blocks(Path(DOCS / page)) if block.language == "python"]


def test_handlers_steer_by_raising() -> None:
    ship = run(python("howto/handlers.md")[0])["ship"]

    class Delivered:
        def __init__(self, order: dict[str, int]) -> None:
            self.json = lambda: order

    with pytest.raises(NonRetryable):
        ship(Delivered({}))
    with pytest.raises(RetryAfter):
        ship(Delivered({"id": 3}))
    assert ship(Delivered({"id": 4})) is None


def test_publishing_sends_what_it_says(sent: Sent) -> None:
    run(python("howto/publishing.md")[0])
    assert [call.url.removeprefix(API) for call in sent] == [
        "publish/https://api.example.com/ship",
        "publish/billing",
        "enqueue/mail/https://api.example.com/mail",
        "batch",
        "schedules/https://api.example.com/report",
    ]
    assert ("Upstash-Delay", "10m") in sent[0].headers


def test_settings_that_are_missing_are_named() -> None:
    with pytest.raises(ConfigurationError, match="QSTASH_TOKEN is not set"):
        run(python("howto/publishing.md")[0])


def test_a_receiver_refuses_a_forged_request() -> None:
    (is_genuine,) = (made["is_genuine"] for made in map(run, python("frameworks/other.md")) if "is_genuine" in made)
    with pytest.raises(SignatureError):
        is_genuine("forged", b"")


def test_a_program_for_the_original_package_does_what_it_did(sent: Sent, capsys: pytest.CaptureFixture[str]) -> None:
    is_genuine = run(next(code for code in python("moving/upstash-qstash.md") if "Receiver" in code))["is_genuine"]
    assert [call.url.removeprefix(API) for call in sent] == [
        "topics/shops/endpoints",
        "publish/shops",
        "schedules/https://api.example.com/report",
    ]
    assert capsys.readouterr().out == "daily\n"
    assert is_genuine(signed(BODY, "https://api.example.com/ship", exp=2**40), BODY) is True
    assert is_genuine("forged", BODY) is False
