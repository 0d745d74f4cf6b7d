"""The mark ``sampled("method")``: the named parameters of a product take turns, the others are in full.

It is for one rule that is asked in many ways, where each parameter is answered by code of its own: that every call
takes every wrong token as one is known when each call and each token was tried once. It is not for parameters that
meet: what may differ by framework is asked of each.

Whose turn it is follows from the order in which the values are written: the same cases run on every machine, and every
value is in one.
"""

from collections.abc import Generator, Sequence
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_pycollect_makeitem() -> Generator[None, Any, Any]:
    """Here all cases of a function are at hand, whichever of them were asked for."""
    made = yield
    mark = made[0].get_closest_marker("sampled") if isinstance(made, list) and made else None
    return made if mark is None else in_turns(made, mark.args)


def in_turns(cases: Sequence[pytest.Function], named: Sequence[str]) -> list[pytest.Function]:
    """Fails where a value would have no turn, or nothing is left out: then the mark does not say what it seems to."""
    given = [case.callspec.params for case in cases]
    # What is written once in a table is one object in all cases.
    turns = _numbered([tuple(id(values[name]) for name in named) for values in given])
    others = _numbered([tuple(id(values[name]) for name in values if name not in named) for values in given])
    count = max(turns) + 1
    if not 1 < count <= max(others) + 1:
        raise pytest.UsageError(f"{cases[0].nodeid}: {', '.join(named)} cannot take turns among the other parameters")
    return [case for case, turn, other in zip(cases, turns, others, strict=True) if turn == other % count]


def _numbered(values: Sequence[tuple[int, ...]]) -> list[int]:
    """By when each appears first."""
    numbers: dict[tuple[int, ...], int] = {}
    return [numbers.setdefault(value, len(numbers)) for value in values]
