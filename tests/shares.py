"""``--share 1/2``: of the cases of each function the first of two shares. Together they are all, and none is in both.

The interpreters that tox runs take turns with the shares. Every function runs on each; which of its cases do is known
beforehand, and every value of every parameter comes as often in one share as in another, as far as that can be.
A function of fewer cases than there are shares has one of them in each.
"""

from argparse import ArgumentTypeError
from collections import Counter
from collections.abc import Generator, Sequence
from typing import Any, NamedTuple

import pytest


class Share(NamedTuple):
    number: int  # from 1
    of: int


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--share", type=_share_of, help="of the cases of each function only these: 1/2 or 2/2, for example"
    )


def pytest_configure(config: pytest.Config) -> None:
    if share := config.getoption("share"):
        # Later than conftest.py: this sees what is left of sampled cases.
        config.pluginmanager.register(_Dealt(share))


class _Dealt:
    def __init__(self, share: Share) -> None:
        self._share = share

    @pytest.hookimpl(wrapper=True)
    def pytest_pycollect_makeitem(self) -> Generator[None, Any, Any]:
        """Here all cases of a function are at hand, in the order in which they are written."""
        made = yield
        return cases_of(self._share, made) if isinstance(made, list) else made


def cases_of(share: Share, cases: Sequence[pytest.Function]) -> list[pytest.Function]:
    if len(cases) < share.of:
        return [cases[(share.number - 1) % len(cases)]] if cases else []
    given = [[(name, id(value)) for name, value in case.callspec.params.items()] for case in cases]
    return [case for case, number in zip(cases, _dealt(given, share.of), strict=True) if number == share.number - 1]


def _dealt(given: Sequence[Sequence[tuple[str, int]]], of: int) -> list[int]:
    """A share for each: where its values have been least, and of those where there is least."""
    seen: list[Counter[tuple[str, int]]] = [Counter() for _ in range(of)]
    sizes = [0] * of
    shares = []
    for values in given:
        share = min(range(of), key=lambda one: (sum(seen[one][value] for value in values), sizes[one]))
        seen[share].update(values)
        sizes[share] += 1
        shares.append(share)
    return shares


def _share_of(text: str) -> Share:
    number, _, of = text.partition("/")
    if number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of) > 1:
        return Share(int(number), int(of))
    raise ArgumentTypeError(f"not a share: {text!r}")
