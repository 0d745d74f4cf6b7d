"""These tests run in processes of their own, with databases of their own."""

import pytest


@pytest.fixture(autouse=True)
def database() -> None:
    """In the place of the one that the other tests have."""
