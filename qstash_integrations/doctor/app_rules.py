"""Rules over the routes of the app: Q201 to Q204. Pure."""

import re
from collections.abc import Iterator

from .facts import Facts
from .findings import Said

_LIKE_A_WEBHOOK = re.compile(r"(?:^|[/_-])(?:qstash|upstash)(?:$|[/_-])", re.IGNORECASE)
_WRITES = ("POST", "PUT", "PATCH")


def decorated_above(facts: Facts) -> Iterator[Said]:
    for route in facts.app.routes:
        if route.decorated_above:
            yield Said(
                sentence=f"{route.name or route.path} is open to everybody: its route calls it unverified, since it "
                "was registered before it was verified"
            )


def open_webhook(facts: Facts) -> Iterator[Said]:
    for route in facts.app.routes:
        writes = not route.methods or any(method in _WRITES for method in route.methods)
        if writes and not route.verified and not route.decorated_above and _LIKE_A_WEBHOOK.search(route.path):
            yield Said(sentence=f"{route.path} looks like a webhook of QStash, and is not verified")


def needs_login(facts: Facts) -> Iterator[Said]:
    for route in facts.app.routes:
        if route.verified and route.needs_login:
            yield Said(sentence=f"LoginRequiredMiddleware answers {route.path} with its login page, ahead of the view")


def any_url(facts: Facts) -> Iterator[Said]:
    loose = [route.path for route in facts.app.verified if not route.verifies_url]
    if loose:
        yield Said(
            sentence=f"verify_url=False: {', '.join(loose[:3])} takes what was signed for any other URL of the account"
        )
