"""The outbox in the admin."""

import json
import subprocess
import sys
from typing import Any

import pytest


@pytest.fixture(scope="module")
def shown() -> Any:
    command = [sys.executable, "-m", "tests.django_outbox.admin_project"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout[done.stdout.index("{") :])


@pytest.fixture(autouse=True)
def database() -> None:
    """In the place of the one that the other tests have."""


def test_messages_are_listed_by_state_and_found(shown: Any) -> None:
    assert shown["anonymous"] == 302
    assert all(id_ in shown["list"] for id_ in shown["ids"])
    found = {state: [id_ in shown[state] for id_ in shown["ids"]] for state in ("waiting", "parked", "sent")}
    assert found == {
        "waiting": [False, False, True],
        "parked": [True, False, False],
        "sent": [False, True, False],
    }
    assert [id_ in shown["searched"] for id_ in shown["ids"]] == [False, True, False]


def test_one_is_shown_without_what_it_says_and_can_only_be_looked_at(shown: Any) -> None:
    assert "400 &lt;no&gt;" in shown["one"]
    assert "Upstash-Forward-X-Key" in shown["one"]
    assert not any(secret in shown["one"] for secret in ("secret body", "secret value"))
    assert 'name="_save"' not in shown["one"]
    assert (shown["edited"], shown["added"], shown["deleted"]) == (403, 403, 403)


def test_who_may_change_messages_has_parked_ones_sent_again(shown: Any) -> None:
    of_viewer, requeued = shown["told"]
    assert requeued == ["1 message due again.", "2 left as they were: not parked."]
    assert not any("due" in text for text in of_viewer)
    assert shown["states"] == ["waiting", "sent", "waiting"]
