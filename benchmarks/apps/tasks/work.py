"""The task, its four ways to QStash or a worker, and the URLs. Each run appends a byte to the file BENCHMARK_RUNS."""

import os
from collections.abc import Callable

import django
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from qstash_integrations import current_delivery
from qstash_integrations.django import qstash, verify_qstash
from qstash_integrations.tasks import task

if django.VERSION < (6,):
    from django_tasks import task as django_task
else:
    from django.tasks import task as django_task


def run(number: int) -> None:
    with open(os.environ["BENCHMARK_RUNS"], "ab", buffering=0) as runs:
        runs.write(b".")


@task
def neutral(number: int) -> None:
    run(number)


@django_task
def ours(number: int) -> None:
    run(number)


@django_task(backend="db")
def peer(number: int) -> None:
    run(number)


@verify_qstash
def view(request: HttpRequest) -> HttpResponse:
    run(current_delivery().json()["number"])
    return HttpResponse()


urlpatterns = [path("qstash/", include("qstash_integrations.django.urls")), path("view", view, name="view")]
WAYS: dict[str, Callable[[int], object]] = {
    "neutral": lambda number: neutral.publish(number),
    "view": lambda number: qstash.publish_json(url=qstash.url_for("view"), body={"number": number}),
    "ours": lambda number: ours.enqueue(number),
    "peer": lambda number: peer.enqueue(number),
}
