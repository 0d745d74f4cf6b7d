"""The doctor's probe in a Starlette or FastAPI app: ahead of all other routes, and in no schema.

Spec: https://www.starlette.io/routing/
"""

from starlette._utils import get_route_path
from starlette.routing import Match, Route
from starlette.types import Scope

from .._core.receiving.asgi_probe import Probe
from .._core.receiving.probe import is_probe


class ProbeRoute(Route):
    """POST to the probe's path, or below it; what else comes there is the app's own."""

    def __init__(self, path: str, framework: str) -> None:
        super().__init__(path, Probe(framework), name="qstash_probe", include_in_schema=False)
        self.methods = {"POST"}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        # It stands ahead of all that the app is for: other requests pay little for it.
        if self.path not in scope["path"] or scope["type"] != "http" or scope["method"] != "POST":
            return Match.NONE, {}
        if not is_probe(get_route_path(scope), self.path):
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": dict(scope.get("path_params", {}))}
