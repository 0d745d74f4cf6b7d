"""What the doctor sees of a Flask app."""

from functools import partial
from importlib.metadata import version
from typing import cast

from flask import Flask

from .._core.publishing.client import QStash
from .._core.settings.environment import Reader
from ..doctor.facts import AppFacts
from ..doctor.place import Place
from .conf import config_of, given_to, load
from .listing import routes_of
from .probe import probe_path

_NO_PROBE = "call QStash(app), without probe_path=None"


def place(app: Flask) -> Place:
    given = given_to(app).wanted
    return Place(
        app=AppFacts(
            framework="flask",
            version=version("flask"),
            routes=routes_of(app),
            probe_path=probe_path(app),
            probe_any_url=given.options.get("verify_url") is False,
            mount_hint=_NO_PROBE,
        ),
        load=partial(load, app),
        reader=lambda: Reader(config_of(app), given.given),
        client=lambda: cast("QStash", app.extensions.get("qstash")) or QStash.from_settings(partial(load, app)),
        hosts=config_of(app).get("TRUSTED_HOSTS"),
        has_receiver="receiver" in given.options,
    )
