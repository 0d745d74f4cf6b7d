"""A list of routes as lines that one can compare by looking."""

from collections.abc import Iterable

from qstash_integrations.routes import Route


def lines(routes: Iterable[Route]) -> list[str]:
    return [_line(route) for route in routes]


def _line(route: Route) -> str:
    by = route.verification.by if route.verification else "open"
    task = f" task {route.task}" if route.task else ""
    return f"{','.join(route.methods) or 'any'} {route.path} {by}{task}"
