"""Every contract test runs on all eight harnesses, and in all of them no secret may reach a log record."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test.utils import override_settings

from tests.contract.harnesses import HARNESSES, Harness, Shop
from tests.django.project import configure

configure()


@pytest.fixture(params=HARNESSES)
def harness(request: pytest.FixtureRequest) -> Harness:
    return HARNESSES[request.param]


@pytest.fixture
def open_shop(harness: Harness, caplog: pytest.LogCaptureFixture) -> Generator[Callable[..., Shop]]:
    with opening(harness, caplog) as opener:
        yield opener


@contextmanager
def opening(harness: Harness, caplog: pytest.LogCaptureFixture) -> Generator[Callable[..., Shop]]:
    """Makes shops on this harness; afterwards no record may hold a key, a token or a body that was sent to one."""
    caplog.set_level(logging.DEBUG)
    opened: list[Shop] = []

    def opener(*arguments: Any, **options: Any) -> Shop:
        opened.append(Shop(harness, *arguments, **options))
        return opened[-1]

    # Else Django makes a page of an exception, and has a lower limit for bodies.
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True, DATA_UPLOAD_MAX_MEMORY_SIZE=None):
        yield opener
    written = "\n".join(f"{record.getMessage()} {record.exc_text} {record.args!r}" for record in caplog.records)
    assert [secret for shop in opened for secret in shop.secrets if secret in written] == []


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()
