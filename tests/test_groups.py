"""Which tests run in one worker of ``--dist loadscope``."""

import pytest

from tests.groups import group_of

GROUPS = {
    "tests/sql/test_stores.py::test_a_row_is_sent[PostgreSQL]": "PostgreSQL",
    "tests/django/test_on_commit.py::test_it_is_published[once-MariaDB-late]": "MariaDB",
    "tests/guarantees/test_crashes.py::test_it_is_sent[flask_shop-PostgreSQL]": "PostgreSQL in tests/guarantees/",
    "tests/django_tasks/killed/test_it.py::test_a_soak[MariaDB]": "MariaDB in tests/django_tasks/killed/",
    "tests/django_tasks/test_runs.py::test_it_runs[MariaDB]": "MariaDB",
    "tests/guarantees/test_crashes.py::test_it_is_sent[flask_shop-SQLite]": "tests/guarantees/test_crashes.py",
    "tests/sql/test_stores.py::test_a_row_is_sent[SQLite]": "tests/sql/test_stores.py",
    "tests/servers/test_cases.py::test_it_runs[bare on gunicorn-asgi-H32]": "bare on gunicorn-asgi",
    "tests/servers/test_cases.py::test_it_runs[with_flask on gunicorn]": "with_flask on gunicorn",
    "tests/servers/test_cases.py::test_it_runs[with_flask on gunicorn-gthread-H32]": "with_flask on gunicorn-gthread",
    "tests/servers/test_root_paths.py::test_it_runs[daphne]": "tests/servers/test_root_paths.py",
    "tests/dashboard/test_rows.py::test_a_row[PostgreSQL is no part of it]": "tests/dashboard/test_rows.py",
    "tests/system/test_demo.py::test_it_runs": "tests/system/test_demo.py",
}


@pytest.mark.parametrize(("nodeid", "group"), GROUPS.items(), ids=map(str, range(len(GROUPS))))
def test_a_name_says_with_which_others_it_runs(nodeid: str, group: str) -> None:
    assert group_of(nodeid) == group
