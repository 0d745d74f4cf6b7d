"""The real sentry-sdk in every framework: it reads bodies ahead and sends what fails, and nothing of ours with it."""

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.sentry import ours
from tests.signing import CURRENT, NEXT, signed
from tests.surroundings.programs.sentry import APPS, FAILS


@pytest.fixture(scope="module")
def seen() -> Any:
    program = [sys.executable, "-W", "ignore", "-m", "tests.surroundings.programs.sentry"]
    return json.loads(subprocess.run(program, capture_output=True, check=True, timeout=100).stdout)


@pytest.mark.system
@pytest.mark.parametrize("name", APPS)
def test_an_app_is_verified_as_without_it(seen: Any, name: str) -> None:
    assert seen[name]["answers"] == {"unsigned": 401, "genuine": 200, "stops": 489, "fails": 500}


@pytest.mark.system
@pytest.mark.parametrize("name", APPS)
def test_what_it_sends_of_an_error_has_no_secret_of_ours(seen: Any, name: str) -> None:
    (event,) = seen[name]["events"]  # neither the refusal nor what steers QStash is an error
    assert event["exception"]["values"][-1]["type"] == "LookupError"
    assert CURRENT not in json.dumps(event)
    assert NEXT not in json.dumps(event)
    assert signed(FAILS) not in json.dumps(event["request"])
    frames = [frame for value in event["exception"]["values"] for frame in value["stacktrace"]["frames"]]
    assert signed(FAILS) not in ours(frames)
    assert "fails" not in json.dumps(
        [frame.get("vars") for frame in frames if "/qstash_integrations/" in frame["abs_path"]]
    )
