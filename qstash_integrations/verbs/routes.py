"""``routes``: what of an app is verified, by which URL, and what is open and looks like a webhook."""

from dataclasses import asdict
from typing import Any

import click

from ..routes import Route, Verification, suspicion
from .verb import DONE, Session, as_json, verb


@verb(None, "routes")
@click.option("--all", "every", is_flag=True, help="Open routes that look like none of QStash's as well.")
@as_json
def command(session: Session, *, every: bool, as_json: bool) -> int:
    """Verified routes, and open ones that look like webhooks.

    With the URLs that QStash has to sign, and what is out of the ordinary.
    """
    found = [(route, suspicion(route)) for route in session.app.routes()]
    shown = [(route, why) for route, why in found if every or route.verification or why]
    if as_json:
        session.output.json([_json(route, why) for route, why in shown])
        return DONE
    rows = [_row(route, why) for route, why in shown]
    none = "no route is verified, and none looks like a webhook"
    session.output.table(("url", "methods", "verified", "handler", "options"), rows, none=none)
    return DONE


def _row(route: Route, why: str | None) -> tuple[str, ...]:
    verification = route.verification
    place = ", ".join(route.urls) or (f"{route.host or ''}{route.path}")
    methods = ",".join(route.methods) or "any"
    if verification is None:
        return place, methods, "no", route.handler, why or ""
    handler = f"task {route.task}" if route.task else route.handler
    return place, methods, f"by {verification.by}", handler, "; ".join(_options(verification))


def _options(verification: Verification) -> list[str]:
    """Those that are not as they are unless somebody says so."""
    plain = Verification(by="endpoint", max_body_size=16 * 1024 * 1024, body_timeout=30.0)
    said = [f"refuses all: {verification.problem}"] if verification.problem else []
    said += ["any URL"] if verification.any_url else []
    for name in ("once", "inbox", "url_match", "max_body_size", "body_timeout"):
        value = getattr(verification, name)
        if value != getattr(plain, name):
            said.append(f"{name}={value}")
    said += ["public_url of its own"] if verification.own_public_url else []
    return [*said, "keys of its own"] if verification.own_keys else said


def _json(route: Route, why: str | None) -> dict[str, Any]:
    shown = asdict(route)
    return {**shown, "methods": list(route.methods), "urls": list(route.urls), "suspicion": why}
