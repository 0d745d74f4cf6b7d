"""Rules over the routes of the app: Q201 to Q204. Pure."""

from collections.abc import Iterator

from ..routes import suspicion
from .facts import Facts
from .findings import Said


def decorated_above(facts: Facts) -> Iterator[Said]:
    for route in facts.app.routes:
        if route.decorated_late:
            yield Said(
                sentence=f"{route.handler} is open to everybody: its route calls it unverified, since it was "
                "registered before it was verified"
            )


def open_webhook(facts: Facts) -> Iterator[Said]:
    for route in facts.app.routes:
        why = None if route.decorated_late else suspicion(route)
        if why:
            yield Said(sentence=f"{route.path} is not verified, and may be a webhook of QStash: {why}")


def needs_login(facts: Facts) -> Iterator[Said]:
    for route, _ in facts.app.verified:
        if route.behind_login:
            yield Said(sentence=f"LoginRequiredMiddleware answers {route.path} with its login page, ahead of the view")


def any_url(facts: Facts) -> Iterator[Said]:
    loose = [route.path for route, verification in facts.app.verified if verification.any_url]
    if loose:
        yield Said(
            sentence=f"verify_url=False: {', '.join(loose[:3])} takes what was signed for any other URL of the account"
        )
