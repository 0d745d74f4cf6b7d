"""The option ``--share``: every function in each share, every case in one, values evenly."""

import pytest

pytest_plugins = ["pytester"]

TESTS = """
import pytest

def test_without_cases():
    pass

@pytest.mark.parametrize("only", ["one"])
def test_of_one(only):
    pass

@pytest.mark.parametrize("word", ["a", "b", "c"])
def test_of_three(word):
    pass

@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("word", ["a", "b"])
def test_product(word, method):
    pass

@pytest.mark.sampled("method")
@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("word", ["a", "b", "c", "d"])
def test_sampled(word, method):
    pass
"""


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    pytester.makeini("[pytest]\nmarkers = sampled")
    hooks = {"sampling": "pytest_pycollect_makeitem", "shares": "pytest_addoption, pytest_configure"}
    pytester.makeconftest("\n".join(f"from tests.{module} import {names}" for module, names in hooks.items()))
    pytester.makepyfile(test_them=TESTS)
    return pytester.runpytest_inprocess("-q", "-pno:asyncio", "-pno:django", "--collect-only", *arguments)


def collected(pytester: pytest.Pytester, share: str) -> set[str]:
    """In whatever order they are to run: a share does not follow from that."""
    return {line.partition("::")[2] for line in run(pytester, "--share", share).outlines if "::" in line}


def test_each_share_has_a_case_of_every_function_and_each_value(pytester: pytest.Pytester) -> None:
    assert collected(pytester, "1/2") == {
        "test_without_cases",
        "test_of_one[one]",
        "test_of_three[a]",
        "test_of_three[c]",
        "test_product[a-GET]",
        "test_product[b-PUT]",
        "test_sampled[a-GET]",
        "test_sampled[d-PUT]",
    }


def test_a_case_is_in_one_share(pytester: pytest.Pytester) -> None:
    assert collected(pytester, "2/2") == {
        "test_without_cases",
        "test_of_one[one]",
        "test_of_three[b]",
        "test_product[a-PUT]",
        "test_product[b-GET]",
        "test_sampled[b-PUT]",
        "test_sampled[c-GET]",
    }


@pytest.mark.parametrize("share", ["0/2", "3/2", "1/1", "-1/2", "1", "a/b", ""])
def test_what_is_no_share_is_refused(pytester: pytest.Pytester, share: str) -> None:
    refused = run(pytester, f"--share={share}")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    assert f"argument --share: not a share: '{share}'" in refused.stderr.str()
