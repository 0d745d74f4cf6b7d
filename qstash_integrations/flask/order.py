"""``verify_qstash`` above ``@app.route``: found when an app gets its first request, which is then refused, as all are.

Spec: https://flask.palletsprojects.com/en/stable/api/#flask.request_started
"""

from functools import cache
from weakref import WeakKeyDictionary

from flask import Flask, request_started

from .._core.receiving.order import check_order

_SEEN: WeakKeyDictionary[Flask, int] = WeakKeyDictionary()


@cache
def watch() -> None:
    """From now on, for every app of the process: a decorator knows of none."""
    request_started.connect(check_views)


def check_views(app: Flask, **_: object) -> None:
    """RuntimeError for a view that looks verified and is not."""
    # Flask registers no view once it serves requests.
    if _SEEN.get(app) != len(app.view_functions):
        check_order(app.view_functions.values(), "@verify_qstash stands below @app.route")
        _SEEN[app] = len(app.view_functions)
