"""Programs that tests drive. Who has installed all of them, as CI does, says so: what is missing there is no skip."""

import os
from typing import NoReturn

import pytest

_ARE_INSTALLED = os.environ.get("QSTASH_TEST_PROGRAMS") == "all"


def lacking(reason: str) -> NoReturn:
    if _ARE_INSTALLED:
        pytest.fail(f"{reason}, and QSTASH_TEST_PROGRAMS says that all are installed", pytrace=False)
    pytest.skip(reason)


def skip_without(lacks: str) -> pytest.MarkDecorator:
    """``lacks`` says what is missing; empty where nothing is. Where nothing may be, the test runs, and fails."""
    return pytest.mark.skipif(bool(lacks) and not _ARE_INSTALLED, reason=lacks)
