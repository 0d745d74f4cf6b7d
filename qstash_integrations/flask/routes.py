"""Routes of ours in somebody's app: on every host, ahead of what else is there, and none of a browser's.

Spec: https://werkzeug.palletsprojects.com/en/stable/routing/
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from flask import Blueprint, Flask
from werkzeug.routing import BaseConverter

from .conf import app_here, config_of, load, request_here

REST, HOST = "qstash_rest", "qstash_host"
# Extensions that refuse what has no session or comes too often; each has ``exempt(view)``.
_REFUSING = ("csrf", "limiter")


class _Rest(BaseConverter):
    """What is below a path, however it goes on."""

    regex = r"[\s\S]*"
    part_isolating = False


def prepare(app: Flask, blueprint: str) -> None:
    """Before the first route of ``blueprint``, by which hooks of the app know our views."""
    app.register_blueprint(Blueprint(blueprint, __name__))
    app.url_map.converters[REST] = _Rest

    def let_pass() -> None:
        if request_here().blueprint == blueprint:
            _exempt(app_here(), blueprint)

    app.before_request_funcs.setdefault(None, []).insert(0, let_pass)


def add_route(app: Flask, path: str, endpoint: str, view: Callable[..., Any], **options: Any) -> None:
    """As ``add_url_rule``, which takes no rule for every method there may be, and answers OPTIONS by itself."""
    app.url_map.add(app.url_rule_class(path, endpoint=endpoint, strict_slashes=False, **options))
    app.view_functions[endpoint] = view


def places(app: Flask) -> Iterator[Mapping[str, str]]:
    """On every host or subdomain of an app that matches them, and ahead of what else is on its public ones."""
    by_host = app.url_map.host_matching
    if not by_host and not app.subdomain_matching:
        yield {}
        return
    server = str(config_of(app).get("SERVER_NAME") or "")
    origins = load(app).origins
    for host in dict.fromkeys(urlsplit(origin).netloc for origin in (() if callable(origins) else origins)):
        if by_host:
            yield {"host": host}
        elif host.endswith(f".{server}"):
            yield {"subdomain": host.removesuffix(f".{server}")}
    yield {"host" if by_host else "subdomain": f"<{HOST}>"}
    if not by_host:
        yield {}


def _exempt(app: Flask, blueprint: str) -> None:
    """Tell extensions of the app, wherever they were added, that these views are none of a browser's."""
    view = app.view_functions[f"{blueprint}."]
    for name in _REFUSING:
        found: object = app.extensions.get(name)
        # Of limiters there may be several.
        for extension in cast("Iterable[Any]", found if isinstance(found, set) else (found,)):
            if hasattr(extension, "exempt"):
                extension.exempt(view)
