"""The doctor's probe in a Starlette or FastAPI app: ahead of all other routes, and in no schema.

Spec: https://www.starlette.io/routing/
"""

from starlette._utils import get_route_path
from starlette.applications import Starlette
from starlette.routing import Match, Route
from starlette.types import Scope

from .._core.errors import ConfigurationError
from .._core.receiving.asgi_probe import Probe
from .._core.receiving.probe import is_probe


class ProbeRoute(Route):
    """POST to the probe's path, or below it. Of other methods there the app's own routes come first, then 405."""

    def __init__(self, path: str, framework: str) -> None:
        super().__init__(path, Probe(framework), methods=("POST",), name="qstash_probe", include_in_schema=False)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # It stands ahead of all that the app is for: other requests pay little for it.
        if self.path not in scope["path"] or scope["type"] != "http":
            return Match.NONE, {}
        if not is_probe(get_route_path(scope), self.path):
            return Match.NONE, {}
        match = Match.FULL if scope["method"] == "POST" else Match.PARTIAL
        return match, {"endpoint": self.endpoint, "path_params": dict(scope.get("path_params", {}))}


def check_path(app: Starlette, path: str) -> None:
    """Raises ConfigurationError for a route of the app's own that no POST would ever reach."""
    from .listing import routes_of

    for route in routes_of(app):
        if is_probe(route.path, path) and (not route.methods or "POST" in route.methods):
            raise ConfigurationError(
                f"{route.handler} at {route.path} would get no POST: the doctor's probe is at {path}. Give QStash(app) "
                "another probe_path=, or None for no probe"
            )
