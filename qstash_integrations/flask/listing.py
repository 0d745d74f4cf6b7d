"""The routes of a Flask app, and what verifies them: the view, or a hook of the app or of a blueprint.

Spec: https://flask.palletsprojects.com/en/stable/api/#flask.Flask.url_map
"""

from collections.abc import Iterator
from typing import Any, cast

from flask import Flask

from .._core.receiving.order import is_open
from ..routes import Route
from ..routes import Verification as Shown
from ..routes.route import By
from ..routes.verifying import methods_of, name_of, verification_of
from .conf import config_of, given_to, load
from .probe import BLUEPRINT as OF_PROBE
from .verification import Verification

_OF_TASKS = "qstash_tasks."


def routes_of(app: Flask) -> list[Route]:
    """In the order in which Flask has them; static files are left out."""
    return list(_routes(app))


def _routes(app: Flask) -> Iterator[Route]:
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions.get(rule.endpoint)
        task = rule.endpoint.removeprefix(_OF_TASKS).replace(":", ".") if rule.endpoint.startswith(_OF_TASKS) else None
        if view is None or task == "" or rule.endpoint.rpartition(".")[2] == "static":
            continue
        if rule.endpoint.startswith(f"{OF_PROBE}."):
            continue  # the doctor's, which is none of the app's
        kind: Any = getattr(view, "view_class", view)
        yield Route(
            path=rule.rule,
            methods=methods_of(rule.methods),
            handler=task or name_of(kind),
            host=rule.host or rule.subdomain or None,
            verification=_shown(app, "endpoint", view) or _by_hook(app, rule.endpoint),
            task=task,
            decorated_late=is_open(view),
        )


def _by_hook(app: Flask, endpoint: str) -> Shown | None:
    """Of the app, and of the blueprints that the view is in."""
    blueprints = endpoint.split(".")[:-1]
    names: list[str | None] = [None, *(".".join(blueprints[: end + 1]) for end in range(len(blueprints)))]
    for name in names:
        for hook in app.before_request_funcs.get(cast("str", name), ()):
            found = _shown(app, "hook", hook)
            if found is not None:
                return found
    return None


def _shown(app: Flask, by: By, function: object) -> Shown | None:
    verification = getattr(function, "qstash_verification", None)
    if not isinstance(verification, Verification):
        return None
    return verification_of(
        by,
        verification.wanted.within(given_to(app).wanted),
        lambda: verification.guard(app),
        load=lambda *given: load(app, *given),
        hosts=config_of(app).get("TRUSTED_HOSTS"),
    )
