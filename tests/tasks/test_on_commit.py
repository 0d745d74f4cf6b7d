"""Calls that wait for the commit of a transaction of Django's."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

from tests.django.project import configure, forget_connections

configure()

from asgiref.sync import async_to_sync  # noqa: E402 - after Django is configured
from django.db import connections, transaction  # noqa: E402
from django.test import override_settings  # noqa: E402

from qstash_integrations._core.publishing.client import APIRequest  # noqa: E402
from qstash_integrations.tasks import RESULT, chain  # noqa: E402
from tests.core.test_extras import WITHOUT  # noqa: E402

from .shop import Invoice, invoice, mail, ship  # noqa: E402


class Rollback(Exception):
    pass


@pytest.fixture(autouse=True)
def databases(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    for alias in ("default", "other"):
        told = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / alias)}
        monkeypatch.setitem(connections.settings, alias, connections.configure_settings({"default": told})["default"])
    forget_connections()
    with override_settings(QSTASH={"TOKEN": "qstash_test"}):
        yield
    forget_connections()


def test_a_call_is_published_when_the_transaction_commits(sent: list[APIRequest]) -> None:
    with transaction.atomic():
        receipt = ship.publish_on_commit(3, gift=True)
        mail.using(delay="1m").publish_on_commit("ada", Invoice(1, "1.pdf"))
        assert sent == []
    assert [request.body for request in sent] == [
        b'{"order_id":3,"gift":true}',
        b'{"to":"ada","invoice":{"number":1,"pdf":"1.pdf"}}',
    ]
    assert "/v2/enqueue/mail/https://shop.example/qstash/tasks/tests.tasks.shop.mail?" in sent[1].url
    assert receipt.message_id == "msg_1"


def test_what_is_rolled_back_is_never_published(sent: list[APIRequest]) -> None:
    with suppress(Rollback), transaction.atomic():
        ship.publish_on_commit(3)
        chain(invoice.bind(3), mail.bind("ada", RESULT)).publish_on_commit()
        raise Rollback
    assert sent == []


def test_wrong_arguments_are_told_at_once(sent: list[APIRequest]) -> None:
    with transaction.atomic(), pytest.raises(TypeError, match="order_id is a str"):
        ship.publish_on_commit("3")  # type: ignore[arg-type]


def test_a_call_may_wait_for_another_database(sent: list[APIRequest]) -> None:
    with transaction.atomic(using="other"):
        ship.publish_on_commit(1)
        ship.bind(2).publish_on_commit(using="other")
        assert [request.body for request in sent] == [b'{"order_id":1}']
    assert [request.body for request in sent] == [b'{"order_id":1}', b'{"order_id":2}']


def test_async_code_waits_for_the_transaction_that_it_is_called_in(sent: list[APIRequest]) -> None:
    with transaction.atomic():
        async_to_sync(ship.apublish_on_commit)(3)
        assert sent == []
    assert len(sent) == 1


def test_without_django_its_extra_is_named() -> None:
    program = WITHOUT.format(missing=["django"], module="tests.tasks.shop") + (
        "\nfrom tests.tasks.shop import ship\nship.publish_on_commit(3)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: qstash_integrations.django needs django; install it with: "
        "pip install 'qstash_integrations[django]'"
    )
