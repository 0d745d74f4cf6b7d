"""The tasks in the admin."""

import json
import subprocess
import sys
from typing import Any

import pytest

TASK = "tests.django_tasks.shop.ship"


@pytest.fixture(scope="module")
def shown() -> Any:
    command = [sys.executable, "-m", "tests.django_tasks.admin_project"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


@pytest.fixture(autouse=True)
def database() -> None:
    """In the place of the one that the other tests have."""


def test_tasks_are_listed_with_filters_and_found(shown: Any) -> None:
    assert shown["anonymous"] == 302
    assert all(id_ in shown["list"] for id_ in shown["ids"])
    assert [id_ in shown["filtered"] for id_ in shown["ids"]] == [True, False, False]
    assert [id_ in shown["searched"] for id_ in shown["ids"]] == [False, True, False]


def test_one_is_shown_with_its_arguments_and_errors_and_can_only_be_looked_at(shown: Any) -> None:
    assert "&lt;b&gt;0&lt;/b&gt;" in shown["one"]
    assert "no &lt;order&gt;" in shown["one"]
    assert 'name="_save"' not in shown["one"]
    assert (shown["edited"], shown["added"], shown["deleted"]) == (403, 403, 403)
    assert shown["tasks"] == [TASK]


def test_who_may_change_tasks_retries_and_cancels_them(shown: Any) -> None:
    of_viewer, retried, cancelled = (told for _, _, told in shown["told"])
    assert retried == ["1 task published again.", "1 left as it was: not failed."]
    assert cancelled == ["1 task cancelled."]
    assert not any("published" in text for text in of_viewer)
    assert shown["states"] == ["READY", "READY", "FAILED"]
    assert (shown["published"], shown["cancelled"]) == (4, ["msg_3"])
