"""QStash as the relay: a declared schedule calls a verified view, which sends what is due."""

import subprocess
import sys
from collections.abc import Generator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections
from django.http import HttpResponse
from django.test import Client, modify_settings, override_settings

from qstash_integrations._core.publishing.client import APIRequest, APIResponse, override_transport
from qstash_integrations.django.outbox.checks import check_outbox
from qstash_integrations.django.outbox.models import StoredMessage
from qstash_integrations.django.outbox.sweep import go_on, sweep_all
from qstash_integrations.django.schedules import here
from qstash_integrations.outbox.clock import Clock
from qstash_integrations.testing import sign
from tests.django.project import urlconf
from tests.django_outbox.shop import FakeQStash
from tests.django_outbox.test_store import NOW, row, write
from tests.django_tasks.calls import ORIGIN, SETTINGS
from tests.signing import CURRENT

SWEEP = "/qstash/outbox/sweep"


@pytest.fixture(autouse=True)
def project(qstash_api: FakeQStash) -> Generator[None]:
    own = {"HTTP_CLIENT": qstash_api.client, "OUTBOX_SCHEDULE": True, "APP": "shop", "ENVIRONMENT": "test"}
    with override_settings(ROOT_URLCONF="tests.django_tasks.urls", QSTASH=SETTINGS | own, ALLOWED_HOSTS=["*"]):
        yield


def call(method: str = "post", **headers: Any) -> HttpResponse:
    signed = sign(url=ORIGIN + SWEEP, body=b"", key=CURRENT)
    answer: HttpResponse = getattr(Client(), method)(
        SWEEP, b"", content_type="text/plain", headers={**signed, **headers}
    )
    return answer


def test_what_is_due_is_sent(qstash_api: FakeQStash) -> None:
    write(row(due_at=1, body=b"1"), row(due_at=1, body=b"2", queue="mail"))
    answer = call()
    assert (answer.status_code, answer.json()) == (200, {"sent": 2, "parked": 0, "refused": 0, "over": True})
    assert {(sent.body, sent.queue) for sent in (qstash_api.next(), qstash_api.next())} == {
        (b"1", None),
        (b"2", "mail"),
    }
    assert not StoredMessage.objects.exists()


def test_nobody_else_has_it_swept(qstash_api: FakeQStash) -> None:
    write(row(due_at=1))
    assert Client().post(SWEEP).status_code == 401
    assert qstash_api.is_idle


def test_a_sweep_is_outside_of_atomic_requests(qstash_api: FakeQStash) -> None:
    write(row(due_at=1))
    for alias in ("default", "other"):
        connections[alias].settings_dict["ATOMIC_REQUESTS"] = True
    try:
        assert call().json()["sent"] == 1
    finally:
        for alias in ("default", "other"):
            connections[alias].settings_dict["ATOMIC_REQUESTS"] = False


def test_what_fails_is_answered_2xx_and_due_again(qstash_api: FakeQStash) -> None:
    qstash_api.refuse(500)
    write(row(due_at=1))
    answer = call()
    assert (answer.status_code, answer.json()["refused"]) == (200, 1)
    assert StoredMessage.objects.get().tries == 1


def test_what_is_a_messages_own_fault_is_parked(qstash_api: FakeQStash) -> None:
    qstash_api.refuse(400)
    write(row(due_at=1))
    assert call().json()["parked"] == 1
    assert StoredMessage.objects.get().state == "parked"


def test_a_database_that_is_away_leaves_the_others(
    qstash_api: FakeQStash, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(row(due_at=1))
    nowhere = {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/at/all.sqlite3"}
    away = connections.configure_settings({"default": nowhere})["default"]
    monkeypatch.setitem(connections.settings, "away", away)
    assert call().json()["sent"] == 1
    assert "'away' was not swept" in caplog.text


def test_a_sweep_that_is_not_over_goes_on_by_a_message(qstash_api: FakeQStash) -> None:
    write(*(row(number, due_at=1) for number in range(3)))
    moments = iter([0.0, *[20.0] * 20])
    assert sweep_all(Clock(monotonic=lambda: next(moments))).is_over is False


def test_sweeps_that_go_on_at_the_same_moment_are_one(qstash_api: FakeQStash) -> None:
    go_on(Clock(now=lambda: 1_800_000_001_000))
    go_on(Clock(now=lambda: 1_800_000_019_000))
    go_on(Clock(now=lambda: 1_800_000_020_000))
    first, second, later = (qstash_api.next() for _ in range(3))
    assert (first.destination, first.headers["upstash-retries"]) == (ORIGIN + SWEEP, "0")
    ids = [one.headers["upstash-deduplication-id"] for one in (first, second, later)]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0].startswith("qstash-outbox-")


def test_what_cannot_go_on_now_is_left_to_the_schedule(
    qstash_api: FakeQStash, caplog: pytest.LogCaptureFixture
) -> None:
    qstash_api.refuse(500)
    go_on()
    assert "could not be continued" in caplog.text


def test_the_view_does_without_the_extra_of_schedules() -> None:
    program = """
import sys
sys.modules["pydantic"] = None
from django.conf import settings
apps = ["qstash_integrations.django", "qstash_integrations.django.outbox"]
settings.configure(INSTALLED_APPS=apps, ROOT_URLCONF="tests.django_tasks.urls", QSTASH={"PUBLIC_URL": "https://a.example"})
import django
django.setup()
from django.urls import resolve
from qstash_integrations.django.outbox import sending, verbs
print(resolve("/qstash/outbox/sweep").url_name)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("outbox-sweep\n", "")


def test_kept_rows_are_pruned(qstash_api: FakeQStash) -> None:
    kept = {"HTTP_CLIENT": qstash_api.client, "OUTBOX_KEEP": "1d"}
    write(row(due_at=1), row(due_at=None, sent_at=1))
    with override_settings(QSTASH=SETTINGS | kept):
        assert call().json()["sent"] == 1
    stored = StoredMessage.objects.get()
    assert (stored.state, stored.message_id, (stored.sent_at or 0) > NOW - 10**12) == ("sent", "msg_1", True)


def test_it_is_among_the_projects_schedules() -> None:
    (found,) = (schedule for schedule in here().schedules if schedule.name == "qstash-outbox")
    assert found.cron == "*/5 * * * *"
    assert found.planned() == {"destination": ORIGIN + SWEEP, "retries": 0}


def test_sync_declares_it() -> None:
    created: list[APIRequest] = []

    def take(request: APIRequest) -> APIResponse:
        if request.method == "GET":
            return APIResponse(200, b"[]")
        created.append(request)
        return APIResponse(200, b'{"scheduleId":"shop.test.qstash-outbox"}')

    with override_transport(take), pytest.raises(SystemExit):
        call_command("qstash", "schedules", "sync")
    (made,) = created
    headers = dict(made.headers)
    assert made.url.endswith(ORIGIN + SWEEP)
    assert (headers["Upstash-Cron"], headers["Upstash-Retries"]) == ("*/5 * * * *", "0")


@pytest.mark.parametrize(("given", "cron"), [(False, None), ("0 * * * *", "0 * * * *"), (None, "*/5 * * * *")])
def test_a_setting_says_when_or_that_it_is_not_wanted(given: Any, cron: str | None) -> None:
    with override_settings(QSTASH={**SETTINGS, "OUTBOX_SCHEDULE": given}, QSTASH_OUTBOX_SCHEDULE=None):
        found = [schedule.cron for schedule in here().schedules if schedule.name == "qstash-outbox"]
    assert found == ([] if cron is None else [cron])


def test_without_the_urls_checks_warn_and_a_plan_says_what_to_do() -> None:
    assert check_outbox() == []
    with override_settings(ROOT_URLCONF=urlconf()):
        assert [found.id for found in check_outbox()] == ["qstash_outbox.W001"]
        (found,) = (schedule for schedule in here().schedules if schedule.name == "qstash-outbox")
        with pytest.raises(ValueError, match="OUTBOX_SCHEDULE"):
            found.planned()


@modify_settings(INSTALLED_APPS={"remove": "qstash_integrations.django.outbox"})
def test_without_the_app_there_is_neither_view_nor_schedule() -> None:
    assert Client().post(SWEEP).status_code == 404
    assert not [schedule for schedule in here().schedules if schedule.name == "qstash-outbox"]
