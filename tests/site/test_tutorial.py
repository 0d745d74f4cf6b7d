"""The app of each tab of the tutorial publishes its order, takes it from QStash, and from nobody else."""

import pytest
from django.test import override_settings as django_settings

from qstash_integrations._core.publishing.client import override_transport
from qstash_integrations._core.settings.environment import override_settings
from tests.django.project import configure
from tests.hosts import Request
from tests.readme import blocks
from tests.sent import Sent
from tests.signing import ORIGIN, signed
from tests.site.pages import DOCS
from tests.site.serving import serve
from tests.site.test_pages import SETTINGS

APPS = [block.code for block in blocks(DOCS / "tutorial.md") if block.language == "python"]
BODY = b'{"id": 3}'


@pytest.mark.parametrize("code", APPS, ids=["Starlette", "FastAPI", "Flask", "Django"])
def test_an_order_goes_out_and_ships_when_qstash_brings_it(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    configure()
    json_type = ("Content-Type", "application/json")
    with override_settings(), override_transport(sent := Sent()), django_settings(ALLOWED_HOSTS=["api.example.com"]):
        send = serve(code)
        assert send(Request("/orders", [json_type], b"")).status == 202
        assert [call.url for call in sent] == [f"https://qstash.upstash.io/v2/publish/{ORIGIN}/hooks/ship"]
        assert send(Request("/hooks/ship", [json_type], BODY)).status == 401
        genuine = ("Upstash-Signature", signed(BODY, exp=2**40))
        assert send(Request("/hooks/ship", [json_type, genuine], BODY)).status == 204
    assert capsys.readouterr().out == "shipping order 3\n"
