"""With ``--dist loadscope``, what shares a database, a site, a browser or a server runs in one worker, longest first.

Groups are read off the names of tests. xdist's own, ``--dist loadgroup``, changes those names, by which tools/twice.py
finds what has failed, and has no effect with pytest 9.2: https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.servers.sites import SITES

# Longest first: the name of a server may begin with that of another.
_SHARED = "|".join(map(re.escape, sorted(("PostgreSQL", "MariaDB", *SITES), key=len, reverse=True)))
_OF_A_SHARED = re.compile(rf"\[(?:.*-)?({_SHARED})(?:-.*)?\]\Z", re.DOTALL)


# Which keep a server of databases busy for as long as all other tests do: each folder has servers of its own.
_APART = ("tests/guarantees/", "tests/django_tasks/killed/")


def group_of(nodeid: str) -> str:
    """The database or the site that it is for; of all others, the file."""
    found = _OF_A_SHARED.search(nodeid)
    if not found:
        return nodeid.partition("::")[0]
    folder = next(filter(nodeid.startswith, _APART), None)
    return f"{found[1]} in {folder}" if folder else found[1]


class Groups(LoadScopeScheduling):  # type: ignore[misc]
    """Deals out whole groups."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups | None:
    return Groups(config, log) if config.getoption("dist") == "loadscope" else None


def longest_first(items: Sequence[pytest.Item]) -> Callable[[pytest.Item], tuple[float, int]]:
    """A key to sort by: the groups that ask for more time than others, then those of many tests; the last is alone."""
    sizes = Counter(group_of(item.nodeid) for item in items)
    patience: dict[str, float] = defaultdict(float)
    for item in items:
        mark = item.get_closest_marker("timeout")
        group = group_of(item.nodeid)
        patience[group] = max(patience[group], float(mark.args[0]) if mark else 0.0)

    def key(item: pytest.Item) -> tuple[float, int]:
        group = group_of(item.nodeid)
        return -patience[group], -sizes[group]

    return key
