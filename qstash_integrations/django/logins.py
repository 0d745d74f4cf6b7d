"""Whether a login stands in front of all views.

Spec: https://docs.djangoproject.com/en/stable/ref/middleware/#django.contrib.auth.middleware.LoginRequiredMiddleware
"""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

_LOGIN = "django.contrib.auth.middleware.LoginRequiredMiddleware"


def requires_login() -> bool:
    """Whether LoginRequiredMiddleware, or a class made of it, is in MIDDLEWARE."""
    return _LOGIN in settings.MIDDLEWARE or any(map(_is_made_of_it, settings.MIDDLEWARE))


def _is_made_of_it(name: str) -> bool:
    try:
        kind: Any = import_string(name)
    except Exception:  # noqa: BLE001 - of what cannot be imported Django says so itself
        return False
    return any(f"{made.__module__}.{made.__qualname__}" == _LOGIN for made in getattr(kind, "__mro__", ()))
