"""``tasks_path``: one way to write it, on which every router agrees."""

import pytest

from qstash_integrations import ConfigurationError
from qstash_integrations._core.app_options import TasksGiven


@pytest.mark.parametrize(
    ("path", "base"),
    [(None, "/qstash/tasks"), ("/jobs", "/jobs"), ("/_internal/v1.0/~jobs", "/_internal/v1.0/~jobs")],
)
def test_tasks_are_served_below_a_path(path: str | None, base: str) -> None:
    assert TasksGiven("shop.tasks", path).base() == base


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "jobs",
        "/jobs/",
        "//jobs",
        "/a//b",
        "/jobs/{name}",
        "/jobs/<name>",
        "/a/../b",
        "/.",
        "/j%6Fbs",
        "/jobs?x",
        3,
    ],
)
def test_what_routers_would_read_in_other_ways_is_refused_by_its_name(path: object) -> None:
    with pytest.raises(ConfigurationError, match=r"tasks_path must be a path .* such as '/qstash/tasks', not "):
        TasksGiven("shop.tasks", path).base()  # type: ignore[arg-type]
