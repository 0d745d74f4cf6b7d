"""The mark "sampled": every value has a case, the same one everywhere, whichever of them were asked for."""

import pytest

pytest_plugins = ["pytester"]

TABLE = """
import pytest

@pytest.mark.sampled({named})
@pytest.mark.parametrize(("word", "length"), [("a", 1), ("bc", 2)])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_it(method, word, length):
    assert len(word) == length
"""


def run(pytester: pytest.Pytester, named: str, *arguments: str) -> list[str]:
    """The lines of its output."""
    pytester.makeini("[pytest]\nmarkers = sampled")
    pytester.makeconftest("from tests.sampling import pytest_pycollect_makeitem")
    pytester.makepyfile(test_table=TABLE.format(named=named))
    return pytester.runpytest_inprocess("-q", "-pno:randomly", "-pno:asyncio", "-pno:django", *arguments).outlines


def test_what_is_named_takes_turns(pytester: pytest.Pytester) -> None:
    assert run(pytester, "'word', 'length'", "--collect-only")[:3] == [
        "test_table.py::test_it[GET-a-1]",
        "test_table.py::test_it[PUT-bc-2]",
        "test_table.py::test_it[POST-a-1]",
    ]


def test_a_case_is_found_by_its_name(pytester: pytest.Pytester) -> None:
    assert "1 passed" in run(pytester, "'word', 'length'", "test_table.py::test_it[PUT-bc-2]")[-1]


@pytest.mark.parametrize("named", ["'method'", "'method', 'word', 'length'"])
def test_what_cannot_all_have_a_turn_is_refused(pytester: pytest.Pytester, named: str) -> None:
    assert f"{named} cannot take turns among the other parameters".replace("'", "") in "\n".join(run(pytester, named))
