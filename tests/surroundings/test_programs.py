"""What changes a whole process has one of its own: gevent, OpenTelemetry's instrumentation, a Django project."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.system


def run(program: str) -> str:
    command = [sys.executable, "-W", "ignore", "-m", f"tests.surroundings.programs.{program}"]
    ended = subprocess.run(command, capture_output=True, timeout=100, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_an_app_on_gevent_verifies_and_publishes() -> None:
    assert json.loads(run("gevent")) == {
        "answers": {"genuine": [200], "replayed": 401, "unsigned": 401, "later": 503},
        "published": 20,
    }


def test_opentelemetry_sees_both_ways_and_no_secret() -> None:
    assert json.loads(run("opentelemetry")) == {
        "starlette": [200, 401],
        "fastapi": [200, 401],
        "flask": [200, 401],
        "published": "msg_1",
        "kinds": ["CLIENT", "CONSUMER", "INTERNAL", "PRODUCER", "SERVER"],
        "deliveries": [[f"process {route}", "SERVER"] for route in ("/hooks/ship",) * 3],
        "requests": 6,
        "below the send": ["CLIENT"],
        "secrets": [],
    }


def test_a_django_project_verifies_on_a_live_server_behind_what_projects_have() -> None:
    run("django_project")
