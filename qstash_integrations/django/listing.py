"""The routes of a project, as its URLconf has them, and which of its views are verified.

Spec: https://docs.djangoproject.com/en/stable/topics/http/urls/
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from django.conf import settings
from django.urls import URLResolver, get_resolver

from ..routes import Route, Verification
from ..routes.verifying import methods_of, name_of, verification_of
from .conf import allowed_hosts, for_all_views, load
from .decorators import guard_of
from .logins import requires_login

_TASKS = "tasks/"
_DJANGO_TASKS = "qstash_integrations.django.tasks.views"


def routes_of(urlconf: str | None = None) -> list[Route]:
    """Of ROOT_URLCONF unless told otherwise, in the order in which Django looks at them."""
    name = urlconf or getattr(settings, "ROOT_URLCONF", None)
    return [] if name is None else list(_routes(get_resolver(name).url_patterns, "/", login=requires_login()))


def _routes(patterns: Iterable[Any], prefix: str, *, login: bool) -> Iterator[Route]:
    for entry in patterns:
        path = prefix + _written(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _routes(entry.url_patterns, path, login=login)
            continue
        view = entry.callback
        wanted = getattr(view, "qstash_wanted", None)
        if wanted is not None and "of_probe" in wanted.options:
            continue  # the doctor's, which is none of the project's
        of_tasks = wanted is not None and "of_tasks" in wanted.options
        if of_tasks and getattr(entry.pattern, "regex", None) is not None and "_route" not in vars(entry.pattern):
            continue  # what refuses whatever else is below the path of the tasks
        task = path.rpartition(_TASKS)[2] if of_tasks else "*" if _runs_any(view) else None
        yield Route(
            path=path,
            methods=("POST",) if task else _methods(view),
            handler=name_of(_kind(view)),
            verification=None if wanted is None else _verification(view),
            task=task,
            csrf_exempt=_is_exempt(view),
            behind_login=login and getattr(view, "login_required", True),
        )


def _verification(view: Any) -> Verification:
    wanted = view.qstash_wanted
    return verification_of(
        "endpoint",
        wanted.within(for_all_views()),
        guard_of(wanted),
        load=load,
        hosts=allowed_hosts(),
        inbox=getattr(view, "qstash_inbox", None),
    )


def _written(pattern: str) -> str:
    """A regular expression without its ends."""
    return re.sub(r"\\Z\Z|(?<!\\)\$\Z", "", pattern.removeprefix("^"))


def _kind(view: Any) -> Any:
    # ``cls`` is what Django REST framework calls it.
    return getattr(view, "view_class", None) or getattr(view, "cls", None) or view


def _methods(view: Any) -> tuple[str, ...]:
    """Of a class those that it has; a function does not say."""
    kind = _kind(view)
    names: Iterable[str] = getattr(kind, "http_method_names", ())
    return methods_of(name for name in names if name not in ("head", "trace") and hasattr(kind, name))


def _runs_any(view: Any) -> bool:
    """Of the backend for ``django.tasks``: the name stands in the path."""
    return getattr(view, "__module__", "") == _DJANGO_TASKS and view.__name__ == "called"


def _is_exempt(view: Any) -> bool:
    # REST framework exempts all its views, and checks by itself.
    return bool(getattr(view, "csrf_exempt", False)) and not hasattr(view, "cls")
