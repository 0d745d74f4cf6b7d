"""What the system checks say of a project, and where tasks are called."""

from typing import Any

import pytest
from django.apps import apps
from django.test import override_settings
from django.urls import include, path

from qstash_integrations.django.tasks import QStashBackend
from qstash_integrations.django.tasks.api import task_backends
from qstash_integrations.tasks import schedule
from tests.django.project import urlconf
from tests.django_tasks.calls import ORIGIN, SETTINGS, FakeQStash
from tests.django_tasks.shop import BACKEND, ship

OURS = include("qstash_integrations.django.urls")


def checked(**options: Any) -> list[str | None]:
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": options}}):
        return [found.id for found in task_backends["default"].check()]


def test_a_whole_project_has_nothing_to_be_said(queue: FakeQStash) -> None:
    assert checked() == []
    assert queue.messages == []


def test_what_is_missing_is_said_before_the_first_task(queue: FakeQStash) -> None:
    with override_settings(QSTASH={**SETTINGS, "TOKEN": None}):
        assert checked() == ["qstash_tasks.W001"]
    with override_settings(QSTASH={"TOKEN": "only_for_tests"}, ALLOWED_HOSTS=[]):
        assert checked() == ["qstash_tasks.W001"]
    with override_settings(ROOT_URLCONF=urlconf()):
        assert checked() == ["qstash_tasks.E002"]
        assert checked(URL="https://worker.example.com/qstash") == []


def test_the_app_is_needed_for_rows_alone(queue: FakeQStash, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = apps.is_installed
    monkeypatch.setattr(apps, "is_installed", lambda name: name.endswith("tasks") is False and installed(name))
    assert checked() == ["qstash_tasks.E001"]
    assert checked(RESULTS=False) == []


class Subclass(QStashBackend):
    """Of a project's own."""


def test_a_backend_made_of_ours_has_its_urls_without_the_app(
    queue: FakeQStash, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = apps.is_installed
    monkeypatch.setattr(apps, "is_installed", lambda name: name.endswith("tasks") is False and installed(name))
    backend = {"BACKEND": f"{__name__}.Subclass", "OPTIONS": {"RESULTS": False}}
    with override_settings(TASKS={"default": backend}, ROOT_URLCONF=urlconf(path("qstash/", OURS))):
        ship.enqueue(3)
        assert queue.last.url.startswith(f"{ORIGIN}/qstash/django/tests.django_tasks.shop.ship?id=")


@pytest.mark.parametrize(
    ("urls", "base"),
    [
        (urlconf(path("qstash/", OURS)), "/qstash"),
        (urlconf(path("", OURS)), ""),
        (urlconf(path("a/", include(([path("b/", OURS)], "shop"), namespace="shop"))), "/a/b"),
    ],
    ids=["below a path", "at the root", "in a namespace"],
)
def test_tasks_are_called_where_the_urls_are_included(queue: FakeQStash, urls: Any, base: str) -> None:
    with override_settings(ROOT_URLCONF=urls):
        ship.enqueue(3)
        assert queue.last.url.startswith(f"{ORIGIN}{base}/django/tests.django_tasks.shop.ship?id=")
        assert queue.deliver().status_code == 200


def test_another_service_runs_the_tasks(queue: FakeQStash) -> None:
    options = {"URL": "https://worker.example.com/qstash/"}
    with override_settings(TASKS={"default": {"BACKEND": BACKEND, "OPTIONS": options}}, ROOT_URLCONF=urlconf()):
        ship.enqueue(3)
    assert queue.last.url.startswith("https://worker.example.com/qstash/django/tests.django_tasks.shop.ship?id=")
    failed = queue.last.headers["Upstash-Failure-Callback"]
    assert failed.startswith("https://worker.example.com/qstash/django/tests.django_tasks.shop.ship/failed?id=")


def test_tasks_are_targets_of_schedules(queue: FakeQStash) -> None:
    kwargs = {"gift": True}
    for daily in (
        schedule("daily", "0 7 * * *", ship.using(retries=1).bind(3, gift=True), label="daily"),
        schedule("daily", "0 7 * * *", ship, args=(3,), kwargs=kwargs, retries=1, label="daily"),
    ):
        planned = daily.planned()
        assert planned["destination"] == f"{ORIGIN}/qstash/django/tests.django_tasks.shop.ship?of=1"
        assert (planned["body"], planned["label"]) == (b'{"args":[3],"kwargs":{"gift":true}}', "daily")
        assert planned["failure_callback"] == f"{ORIGIN}/qstash/django/tests.django_tasks.shop.ship/failed?of=1"
