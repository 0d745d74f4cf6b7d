"""Which open routes look like webhooks."""

from typing import Any

import pytest

from qstash_integrations.routes import Route, Verification, suspicion

SUSPECTED: dict[str, dict[str, Any]] = {
    "a webhook": {"path": "/webhooks/stripe"},
    "a hook": {"path": "/api/Hook"},
    "a callback": {"path": "/orders/<int:n>/callback"},
    "qstash": {"path": "/qstash/ship", "methods": ("POST",)},
    "exempt": {"path": "/orders", "csrf_exempt": True},
    "late": {"path": "/orders", "methods": ("POST",), "decorated_late": True},
}
TRUSTED: dict[str, dict[str, Any]] = {
    "no post": {"path": "/oauth/callback", "methods": ("GET",)},
    "a parameter": {"path": "/orders/{callback}"},
    "a regular expression": {"path": r"/orders/(?P<hook>\d+)"},
    "verified": {"path": "/hooks/ship", "verification": Verification(by="endpoint", max_body_size=1, body_timeout=1)},
}


@pytest.mark.parametrize("given", SUSPECTED.values(), ids=SUSPECTED)
def test_an_open_route_that_looks_like_a_webhook_is_suspected(given: Any) -> None:
    assert suspicion(Route(handler="shop.ship", **given))


@pytest.mark.parametrize("given", TRUSTED.values(), ids=TRUSTED)
def test_others_are_not(given: Any) -> None:
    assert suspicion(Route(handler="shop.ship", **given)) is None


def test_the_reason_says_what_was_seen() -> None:
    assert suspicion(Route(handler="shop.ship", path="/web-hooks/x")) == "its path has 'web-hooks'"
