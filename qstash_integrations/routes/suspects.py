"""Open routes that look like webhooks. A guess, and no more: somebody else's webhooks are verified by other means."""

import re

from .route import Route

_WORDS = re.compile(r"(?:web[_-]?)?hooks?|callbacks?|qstash", re.IGNORECASE)


def suspicion(route: Route) -> str | None:
    """Why an open route may be meant for QStash, as the end of a sentence; None for all others."""
    if route.verification is not None or not route.takes_post:
        return None
    if route.decorated_late:
        return "verify_qstash stands above what registers it, and so verifies nothing"
    found = _WORDS.search(_fixed(route.path))
    if found is not None:
        return f"its path has {found[0]!r}"
    return "it is exempt from CSRF protection" if route.csrf_exempt else None


def _fixed(path: str) -> str:
    """Without the names of parameters."""
    return re.sub(r"\{[^}]*\}|<[^>]*>|\(\?P<[^>]*>", "", path)
