"""What the doctor sees of a Flask app: its routes, and which of them are verified."""

from functools import partial
from importlib.metadata import version
from typing import Any, cast

from flask import Flask

from .._core.environment import Reader
from .._core.publishing.client import QStash
from .._core.receiving.options import Options
from .._core.receiving.order import is_open
from ..doctor.facts import App, Route
from ..doctor.place import Place, shown_options
from .conf import config_of, given_to, load
from .probe import probe_path
from .verification import Verification

_NO_PROBE = "call QStash(app), without probe_path=None"


def place(app: Flask) -> Place:
    given = given_to(app)
    return Place(
        app=App(
            framework="flask",
            version=version("flask"),
            routes=[_route(app, rule) for rule in app.url_map.iter_rules()],
            probe_path=probe_path(app),
            mount_hint=_NO_PROBE,
        ),
        load=partial(load, app),
        reader=lambda: Reader(config_of(app), given.wanted.given),
        client=lambda: cast("QStash", app.extensions.get("qstash")) or QStash.from_settings(partial(load, app)),
        hosts=config_of(app).get("TRUSTED_HOSTS"),
        has_receiver="receiver" in given.wanted.options,
    )


def _route(app: Flask, rule: Any) -> Route:
    view = app.view_functions.get(rule.endpoint)
    verification = getattr(view, "qstash_verification", None) or _of_hooks(app, rule.endpoint)
    options = verification.wanted_in(app).options if isinstance(verification, Verification) else Options()
    return Route(
        path=rule.rule,
        methods=sorted(rule.methods or ()),
        name=rule.endpoint,
        verified=verification is not None,
        task=options.get("of_tasks", False),
        probe=options.get("of_probe", False),
        verifies_url=options.get("verify_url", True),
        decorated_above=is_open(view),
        options=shown_options(options),
    )


def _of_hooks(app: Flask, endpoint: str) -> Any:
    """Of the hooks that run before a view: those of the app, and of the blueprints that it stands in."""
    parts = endpoint.split(".")[:-1]
    scopes = (None, *(".".join(parts[: length + 1]) for length in range(len(parts))))
    hooks = [hook for scope in scopes for hook in app.before_request_funcs.get(scope, ())]
    return next((found for hook in hooks if (found := getattr(hook, "qstash_verification", None))), None)
