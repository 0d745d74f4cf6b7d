"""An account at the local server, and what the code says of it."""

from collections.abc import Iterator

import pytest

from tests.schedules.account import Account


@pytest.fixture
def account() -> Iterator[Account]:
    """Empty, and reached by every client of this process."""
    with Account.opened() as account:
        yield account
