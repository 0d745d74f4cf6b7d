"""Django's own tests of task backends, out of its source distribution, with our backend in the place of the dummy.

They are fetched with pip, once, into the directory that QSTASH_TEST_CACHE names, or into pytest's cache.
"""

import json
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import django
import pytest

from tests.databases import Database

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

# In Django 5.2 the package django-tasks has the API of Django 6.1, under other names.
VERSION = django.__version__ if django.VERSION >= (6,) else "6.1.3"
TESTS = 85 if VERSION >= "6.1" else 76
PRIORITY = "priorities are refused: QStash has none"
DUMMYS_LIST = "it changes a result in the dummy's own list, and asks for that"
REASONS = {
    "test_tasks.TaskTestCase.test_using_priority": PRIORITY,
    "test_tasks.TaskTestCase.test_chained_using": PRIORITY,
    "test_tasks.TaskTestCase.test_invalid_priority": PRIORITY,
    "test_dummy_backend.DummyBackendTestCase.test_refresh_result": DUMMYS_LIST,
    "test_dummy_backend.DummyBackendTestCase.test_refresh_result_async": DUMMYS_LIST,
}
"""The tests that do not pass, each with why it need not."""
PICKLED = "django-tasks does not pickle tasks"
if django.VERSION < (6,):  # in Python 3.11, by the environments of tox
    REASONS |= {
        "test_tasks.TaskTestCase.test_pickle_task": PICKLED,
        "test_tasks.TaskTestCase.test_pickle_task_result": PICKLED,
        "test_tasks.TaskTestCase.test_unpickle_arbitrary_string": PICKLED,
        "test_tasks.TaskTestCase.test_unpickle_non_task_object": PICKLED,
        "test_tasks.TaskTestCase.test_run_after_in_decorator": "django-tasks has another text for it",
        "test_custom_backend.CustomBackendTestCase.test_no_enqueue": "Python 3.11 has another text for it",
    }
OURS = "tests.django_tasks.suite.backend"
CHANGES: Mapping[str, str] = {
    r"django\.tasks\.backends\.dummy\.DummyBackend": f"{OURS}.SuiteBackend",
    r"from django\.tasks\.backends\.dummy import DummyBackend": f"from {OURS} import SuiteBackend as DummyBackend",
    # Rows are written, which these do not let anybody do.
    r"\bSimpleTestCase\b": "TransactionTestCase",
}


def sources(cache: Path) -> Path:
    """The directory of Django's ``tests/tasks``."""
    found = cache / f"django-{VERSION}" / "tests" / "tasks"
    if not found.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        # Django 6 is read here only; in Python 3.11 nothing of it runs.
        command = [*pip, "--ignore-requires-python", "--dest", str(cache), f"django=={VERSION}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=400)
        with tarfile.open(next(cache.glob(f"[Dd]jango-{VERSION}.tar.gz"))) as archive:
            wanted = [member for member in archive if "/tests/tasks/" in member.name]
            archive.extractall(cache, wanted, filter="data")
    return found


@pytest.fixture(scope="module")
def suite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the package ``tasks``, changed as little as another backend needs."""
    named = os.environ.get("QSTASH_TEST_CACHE")
    cache = Path(named) if named else request.config.cache.mkdir("django")
    cache.mkdir(parents=True, exist_ok=True)
    directory = tmp_path_factory.mktemp("suite")
    package = directory / "tasks"
    package.mkdir()
    for file in sources(cache).glob("*.py"):
        text = file.read_text()
        if file.name in ("test_dummy_backend.py", "test_tasks.py"):
            for pattern, ours in CHANGES.items():
                text = re.sub(pattern, ours, text)
        (package / file.name).write_text(text if django.VERSION >= (6,) else backported(text))
    return directory


def backported(text: str) -> str:
    """As django-tasks names it."""
    text = re.sub(r"\bdjango\.tasks\b", "django_tasks", text)
    text = re.sub(r"\b(InvalidTask|InvalidTaskBackend)\b", r"\1Error", text)
    text = text.replace("does not support async Tasks", "does not support async tasks")
    text = text.replace(
        "from django_tasks import Task, ", "from django_tasks.base import Task\nfrom django_tasks import "
    )
    return text.replace("from django.utils.json import", "from django_tasks.utils import")


def run(suite: Path, database: Mapping[str, Any]) -> Any:
    command = [sys.executable, "-m", "tests.django_tasks.suite.run", str(suite), json.dumps(database)]
    # Its async tests ask the dummy's list without awaiting; here that is a query.
    environ = {**os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE": "1"}
    root = Path(__file__).parents[3]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, cwd=root, env=environ)
    assert done.stdout, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def check(outcome: Any) -> None:
    failed = {name.removeprefix("tasks."): reason for name, reason in outcome["failed"].items()}
    assert failed.keys() == REASONS.keys(), failed
    assert (len(outcome["passed"]), outcome["skipped"]) == (TESTS - len(REASONS), 0)


def test_djangos_suite_passes(suite: Path, empty_database: Database) -> None:
    check(run(suite, empty_database.django))
