"""The doctor's probe in a Flask app: a verified view like any other, which hooks of the app run before.

Spec: https://flask.palletsprojects.com/en/stable/extensiondev/
"""

from typing import Any, cast

from flask import Flask, Response, g

from .._core.receiving.head import head_of_environ
from .._core.receiving.options import Wanted
from .._core.receiving.probe import PROBE_PATH, facts_of
from .body import reads_chunks
from .conf import app_here, before_proxy_fix, config_of, given_to, request_here
from .response import response
from .routes import HOST, REST, add_route, places, prepare
from .verification import DELIVERY, Verification

BLUEPRINT = "qstash_probe"
_MOUNTED = "qstash_probe"


def mount_probe(app: Flask) -> None:
    """Unless the extension or QSTASH_PROBE_PATH says None."""
    path = given_to(app).probe_path(config_of(app).get("QSTASH_PROBE_PATH", PROBE_PATH))
    if path is None:
        return
    verification = Verification(Wanted(options={"of_probe": True}))

    # Of one name, by which extensions know what to let pass.
    def qstash_probe(**path: str) -> Any:
        path.pop(HOST, None)
        return verification.call(_tell, (), path)

    cast("Any", qstash_probe).qstash_verification = verification
    prepare(app, BLUEPRINT)
    for place in places(app):
        for rule in (path, f"{path}/<{REST}:rest>"):
            add_route(app, rule, f"{BLUEPRINT}.", qstash_probe, methods=("POST",), **place)
    app.extensions[_MOUNTED] = path


def probe_path(app: Flask) -> str | None:
    """Where an app has its probe."""
    return cast("str | None", app.extensions.get(_MOUNTED))


def _tell(rest: str = "") -> Response:
    request = request_here()
    head = head_of_environ(before_proxy_fix(app_here(), request.environ), reads_chunks=reads_chunks(request))
    return response(facts_of(head, getattr(g, DELIVERY), "flask"))
