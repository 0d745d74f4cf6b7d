from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from qstash_integrations.testing import Outbox


@pytest.fixture(autouse=True)
def database(transactional_db: None, django_db_serialized_rollback: None) -> None:
    """What a test publishes is published by a commit; what migrations have put there is there again afterwards."""


@pytest.fixture
def place(client: Client, qstash_outbox: Outbox) -> Any:
    """Order something, as a customer does."""

    def place(product: str = "teapot", quantity: int = 1) -> Order:
        answer = client.post(f"/products/{product}", {"email": "ada@example.com", "quantity": quantity})
        assert answer.status_code == 302, answer.content
        return Order.objects.latest("pk")

    return place
